// What `npm run bench:health` has checked: nine services on many nodes, all of one kind, and the nine of a profile.

export interface BackendPlan {
  readonly plain: readonly number[];
  readonly secured: readonly number[];
  readonly cert: string;
  readonly key: string;
}

export interface CheckedService {
  readonly name: string;
  /** The port that the balancer listens on; nobody dials it. */
  readonly listen: number;
  /** The port on the nodes. */
  readonly port: number;
  readonly secured: boolean;
  /** Left out: the profile's. */
  readonly health?: string;
}

export interface Scene {
  readonly name: string;
  readonly title: string;
  readonly profile: string | undefined;
  readonly services: readonly CheckedService[];
}

const SERVICES = 9;
/** All below 32768, where the kernel takes ports of its own from. */
const LISTEN = 21_000;
const PLAIN = 22_000;
const SECURED = 23_000;

/** Nine services of one kind, each on a port of its own, so that no two share a probe. */
function nineOf(name: string, title: string, health: string, secured: boolean): Scene {
  const services = Array.from({ length: SERVICES }, (_, i) => ({
    name: `service${i + 1}`,
    listen: LISTEN + i,
    port: (secured ? SECURED : PLAIN) + i,
    secured,
    health,
  }));
  return { name, title, profile: undefined, services };
}

/** The services of foreman-2018 and whether their ports speak TLS. `puppet` and `puppet-ca` are one port. */
const FOREMAN_2018: readonly (readonly [name: string, port: number, secured: boolean])[] = [
  ['http', PLAIN, false],
  ['anaconda', PLAIN + 1, false],
  ['amqp', PLAIN + 2, false],
  ['https', SECURED, true],
  ['rhsm', SECURED + 1, true],
  ['docker', SECURED + 2, true],
  ['puppet', SECURED + 3, true],
  ['puppet-ca', SECURED + 3, true],
  ['smart-proxy', SECURED + 4, true],
];

const KINDS: readonly Scene[] = [
  nineOf('tcp', '`tcp`', 'tcp', false),
  nineOf('http', '`http`', '{ type: http }', false),
  nineOf('tls', '`tls`', '{ type: tls }', true),
  nineOf('https', '`https`', '{ type: https }', true),
];

export const SCENES: readonly Scene[] = [
  { name: 'none', title: 'no checks', profile: undefined, services: nineOf('none', '', 'false', false).services },
  ...KINDS,
  {
    name: 'foreman-2018',
    title: 'the nine services of foreman-2018 as their profile has them',
    profile: 'foreman-2018',
    services: FOREMAN_2018.map(([name, port, secured], i) => ({ name, listen: LISTEN + i, port, secured })),
  },
];

/** The ports that the nodes of all scenes must serve. */
export function backendPorts(): Pick<BackendPlan, 'plain' | 'secured'> {
  const of = (secured: boolean) => [
    ...new Set(SCENES.flatMap((s) => s.services.filter((x) => x.secured === secured).map((x) => x.port))),
  ];
  return { plain: of(false), secured: of(true) };
}

/** The file that chargehand runs on. */
export function configText(scene: Scene, nodes: number, http: number): string {
  const lines = ['version: 1', 'name: smartproxy.example.net', `http: { listen: "127.0.0.1:${http}" }`];
  if (scene.profile !== undefined) lines.push(`profile: ${scene.profile}`, 'ca_node: node1');
  lines.push('nodes:');
  for (let i = 0; i < nodes; i++) lines.push(`  node${i + 1}: 127.2.${Math.floor(i / 250)}.${1 + (i % 250)}`);
  lines.push('services:');
  for (const { name, listen, port, health } of scene.services) {
    const check = health === undefined ? '' : `, health: ${health}`;
    lines.push(`  ${name}: { listen: "127.0.0.1:${listen}", port: ${port}${check} }`);
  }
  return `${lines.join('\n')}\n`;
}
