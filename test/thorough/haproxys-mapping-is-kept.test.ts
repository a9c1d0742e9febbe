// `method: haproxy` against HAProxy itself: every client is sent where `balance source` sends it, whatever the weights,
// the family and the form of the bind.

import t, { type Test } from 'tap';
import type { ConfiguredNode } from '../../src/balancer/balancer.ts';
import { createBalancer } from '../../src/balancer/strategies.ts';
import { canonicalAddress } from '../../src/core/address.ts';
import { candidates, hashConfig, seededRandom, tally } from '../fixtures/candidates.ts';
import { ask, findHaproxy, freePorts, mapWide, noWideHaproxy, startHaproxy } from '../fixtures/real-haproxy.ts';
import { startServer } from '../fixtures/tcp.ts';

const LOOPBACK_CLIENTS = 1000;
const PROXIED_CLIENTS = 250;
/** Sessions at a time. */
const WIDTH = 16;

const haproxy = findHaproxy();
const skip = noWideHaproxy(haproxy);

interface Bind {
  readonly form: string;
  /** What `import` gives for this bind. */
  readonly v4Mapped: boolean;
  readonly acceptProxy: boolean;
}

const BINDS: readonly Bind[] = [
  { form: '*:PORT', v4Mapped: false, acceptProxy: false },
  { form: ':::PORT v4v6', v4Mapped: true, acceptProxy: false },
  // An IPv4 address out of a PROXY header is IPv4 to HAProxy, on whatever socket it came.
  { form: '*:PORT accept-proxy', v4Mapped: false, acceptProxy: true },
  { form: ':::PORT v4v6 accept-proxy', v4Mapped: false, acceptProxy: true },
];

const GROUPS: readonly (readonly ConfiguredNode[])[] = [
  group({ n1: 1, n2: 1, n3: 1 }),
  group({ n1: 1, n2: 2, n3: 3 }),
  group({ n1: 6, n2: 4, n3: 2 }),
  group({ n1: 100, n2: 50, n3: 25 }),
  [{ node: 'spare', weight: 5, backup: true }, ...group({ n1: 3, n2: 5 })],
];

function group(weights: Readonly<Record<string, number>>): ConfiguredNode[] {
  return Object.entries(weights).map(([node, weight]) => ({ node, weight }));
}

/** Addresses all over 127.0.0.0/8, the same in every run. */
function loopbackClients(count: number): string[] {
  const random = seededRandom(42);
  const part = (from: number, to: number) => from + Math.floor(random() * (to - from + 1));
  const anywhere = Array.from({ length: count }, () => `127.${part(0, 254)}.${part(0, 255)}.${part(1, 254)}`);
  return ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4', ...anywhere];
}

function ipv6Clients(count: number): string[] {
  const random = seededRandom(43);
  const part = () => Math.floor(random() * 0x1_0000).toString(16);
  const anywhere = Array.from({ length: count }, () => Array.from({ length: 8 }, part).join(':'));
  const inARow = Array.from({ length: 20 }, (_, i) => `2001:db8::${(i + 1).toString(16)}`);
  return [...inARow, ...anywhere].map(canonicalAddress);
}

const proxyHeader = (client: string) =>
  client.includes(':') ? `PROXY TCP6 ${client} ::1 4711 443\r\n` : `PROXY TCP4 ${client} 127.0.0.1 4711 443\r\n`;

/** A listener for each bind on the same three servers; gives the ports in the order of BINDS. */
async function startListeners(t: Test, specs: readonly ConfiguredNode[]): Promise<number[]> {
  if (haproxy === undefined) throw new Error('skipped without haproxy');
  const servers: string[] = [];
  for (const { node, weight, backup } of specs) {
    const { port } = await startServer(t, (socket) => socket.resume().end(node));
    servers.push(`  server ${node} 127.0.0.1:${port} weight ${weight}${backup ? ' backup' : ''}`);
  }
  const ports = await freePorts(BINDS.length);
  const listeners = BINDS.map(({ form }, i) =>
    [`listen l${i}`, `  bind ${form.replace('PORT', String(ports[i]))}`, '  balance source', ...servers].join('\n'),
  );
  const defaults = 'defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 20s\n  timeout server 20s';
  await startHaproxy(t, haproxy, `${[defaults, ...listeners].join('\n')}\n`, ports[0] ?? 0);
  return ports;
}

for (const specs of GROUPS) {
  const weights = specs.map(({ weight, backup }) => `${weight}${backup ? ' (backup)' : ''}`).join(':');
  t.test(`weights ${weights}`, { skip, timeout: 120_000 }, async (t) => {
    const ports = await startListeners(t, specs);
    t.comment(haproxy?.version ?? '');
    for (const [i, { form, v4Mapped, acceptProxy }] of BINDS.entries()) {
      const port = ports[i] ?? 0;
      const clients = acceptProxy
        ? [...ipv6Clients(PROXIED_CLIENTS), ...loopbackClients(PROXIED_CLIENTS)]
        : loopbackClients(LOOPBACK_CLIENTS);
      const available = specs.filter(({ backup }) => backup !== true);
      const nodes = candidates(Object.fromEntries(available.map(({ node, weight }) => [node, weight])));
      const balancer = createBalancer({ strategy: 'source', hash: hashConfig({ method: 'haproxy', v4Mapped }) }, specs);
      const theirs = await mapWide(clients, WIDTH, (client) =>
        acceptProxy ? ask(port, { hello: proxyHeader(client) }) : ask(port, { localAddress: client }),
      );
      const ours = clients.map((client) => balancer.pick(nodes, client)?.node);
      const differ = clients.flatMap((client, n) =>
        ours[n] === theirs[n] ? [] : [`${client}: HAProxy ${theirs[n]}, chargehand ${ours[n]}`],
      );
      t.strictSame(differ, [], `bind ${form}: ${clients.length} clients, ${JSON.stringify(tally(theirs))}`);
      t.equal(new Set(theirs).size, nodes.length, 'and every node had some');
      if (form.startsWith(':::') && !acceptProxy)
        t.equal(await ask(port, { host: '::1' }), balancer.pick(nodes, '::1')?.node, `bind ${form}: the client ::1`);
    }
  });
}
