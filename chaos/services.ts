// The two configurations that are broken: nine services like those of 2018, nine like today's. Tables, and the file's text.

import type { EpisodePlan } from './plan.ts';

export const NODES = ['proxy01', 'proxy02', 'proxy03'] as const;
export type NodeName = (typeof NODES)[number];
export const CA_NODE: NodeName = 'proxy01';
export const LB_NAME = 'smartproxy.example.test';
export const LB_ADDRESS = '127.20.0.1';
export const HTTP_PORT = 8404;

export const nodeAddress = (node: NodeName): string => `127.20.1.${NODES.indexOf(node) + 1}`;

export interface ServiceRow {
  readonly name: string;
  /** Where the balancer listens, and the port on the nodes. */
  readonly listen: number;
  readonly port: number;
  readonly tls: boolean;
  readonly strategy: 'source' | 'pinned' | 'spread';
  /** Whose answers to health checks the port gives (demo/answers.ts). */
  readonly answers: string;
  /** Beside the profile's row. */
  readonly more?: string;
}

const row = (
  name: string,
  port: number,
  tls: boolean,
  strategy: ServiceRow['strategy'],
  rest: Partial<ServiceRow> = {},
): ServiceRow => ({ name, listen: port, port, tls, strategy, answers: name, ...rest });

export const KINDS: Readonly<Record<'foreman-2018' | 'foreman-current', readonly ServiceRow[]>> = {
  'foreman-2018': [
    row('http', 10080, false, 'spread'),
    row('anaconda', 18000, false, 'spread'),
    row('https', 10443, true, 'source'),
    row('rhsm', 18443, true, 'spread'),
    row('amqp', 15647, true, 'source'),
    row('puppet', 18140, true, 'spread'),
    row('puppet-ca', 18140, true, 'pinned', { listen: 18141, answers: 'puppet' }),
    row('smart-proxy', 19090, true, 'spread'),
    row('docker', 15000, true, 'spread'),
  ],
  'foreman-current': [
    row('http', 10080, false, 'source'),
    row('https', 10443, true, 'source'),
    row('templates', 18000, false, 'spread', { answers: 'anaconda' }),
    row('smart-proxy', 19090, true, 'spread'),
    row('puppet', 18140, true, 'spread'),
    row('puppet-ca', 18140, true, 'pinned', { listen: 18141, answers: 'puppet' }),
    row('mqtt', 11883, true, 'source'),
    // Two of one's own: what no profile has.
    row('ldap', 10389, false, 'spread', { more: 'balance: leastconn, health: { type: tcp }' }),
    row('files', 10873, false, 'spread', {
      more: 'balance: random, health: { type: tcp }, max_sessions_per_backend: 40',
    }),
  ],
};

/** Times that the file sets; an invariant holds the program to them. */
export const TIMES = {
  connectMs: 2000,
  handshakeMs: 4000,
  establishMs: 12_000,
  intervalMs: 1000,
  probeTimeoutMs: 3000,
  fall: 3,
  rise: 2,
  firstHoldMs: 10_000,
} as const;

/** What reloads change while it runs. */
export interface FileState {
  readonly removed: readonly NodeName[];
  readonly extraService: boolean;
  readonly idle: string;
}

export const FIRST_FILE: FileState = { removed: [], extraService: false, idle: '10m' };

export function fileText(
  plan: Pick<EpisodePlan, 'kind' | 'relay'>,
  directory: string,
  state: FileState,
  remark: number,
): string {
  const nodes = NODES.filter((node) => !state.removed.includes(node));
  const services = KINDS[plan.kind].map(
    ({ name, listen, port, more }) =>
      `  ${name}: { listen: "${LB_ADDRESS}:${listen}", port: ${port}${more === undefined ? '' : `, ${more}`} }`,
  );
  const extra = `  extra: { listen: "${LB_ADDRESS}:10999", port: ${KINDS[plan.kind][0]?.port ?? 0} }`;
  return `# ${remark}
version: 1
name: ${LB_NAME}
profile: ${plan.kind}
ca_node: ${CA_NODE}
nodes:
${nodes.map((node) => `  ${node}: ${nodeAddress(node)}`).join('\n')}
defaults:
  timeouts: { connect: ${TIMES.connectMs}ms, handshake: ${TIMES.handshakeMs}ms, establish: ${TIMES.establishMs}ms, idle: ${state.idle}, idle_down: 2m, half_closed: 2m, drain: 90s, first_byte: 2m }
  health: { interval: 1s, fast_interval: 500ms }
services:
${[...services, ...(state.extraService ? [extra] : [])].join('\n')}
http: { listen: "${LB_ADDRESS}:${HTTP_PORT}", page: false }
admin: { socket: ${directory}/admin.sock, state: ${directory}/state.json, mode: "0600" }
relay: { kind: ${plan.relay} }
log: { format: json }
`;
}
