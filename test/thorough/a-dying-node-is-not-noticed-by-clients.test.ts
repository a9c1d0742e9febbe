// Nodes in processes of their own, killed and frozen while clients come one after the other.

import t, { type Test } from 'tap';
import type { BalanceConfig } from '../../src/config/config.ts';
import { backendSpec, type Events, type ServicePatch, startBalancer } from '../fixtures/balancer.ts';
import { hashConfig } from '../fixtures/candidates.ts';
import { healthConfig } from '../fixtures/health-config.ts';
import { SOCKET_WAYS } from '../fixtures/sockets.ts';
import { type StoppableProcess, stoppableEcho } from '../fixtures/stoppable-process.ts';
import { startClient } from '../fixtures/tcp.ts';
import { helloMessage, inRecords } from '../fixtures/tls-hello.ts';
import { Watched } from '../fixtures/watched.ts';

const NODES = ['n1', 'n2', 'n3'];
const HELLO = inRecords(helloMessage({ extensions: [] }), [1000]);
const HEALTH = healthConfig({ intervalMs: 300, fastIntervalMs: 100, timeoutMs: 300, fall: 3, rise: 1 });

async function cluster(t: Test, patch: ServicePatch) {
  const nodes = new Map<string, StoppableProcess>();
  for (const node of NODES) nodes.set(node, await stoppableEcho(t));
  const backends = [...nodes].map(([node, { port }]) => backendSpec(node, port));
  const sockets = SOCKET_WAYS.at(-1);
  const running = await startBalancer(t, [{ backends, health: HEALTH, ...patch }], sockets && { sockets });
  const { events, port } = running;
  /** One session after the other, from several addresses, until `over`; each must be served. */
  const clientsUntil = async (over: (sessions: number) => boolean): Promise<void> => {
    for (let i = 0; !over(i); i++) {
      const client = new Watched(await startClient(t, port(), { localAddress: `127.0.0.${1 + (i % 20)}` }));
      const before = events.records.length;
      client.socket.write(HELLO);
      await client.heard(HELLO.length);
      client.socket.end();
      t.equal(await client.something(), 'fin', `client ${i}`);
      await events.record(before);
    }
  };
  return { ...running, nodes, clientsUntil };
}

function nodesSince(events: Events, index: number): Set<string | undefined> {
  return new Set(events.records.slice(index).map(({ node }) => node));
}

const strategies: readonly BalanceConfig[] = [{ strategy: 'roundrobin' }, { strategy: 'source', hash: hashConfig() }];

for (const balance of strategies) {
  t.test(
    `${balance.strategy}: a killed node takes no session after three probes, and no client sees an error`,
    async (t) => {
      const { events, nodes, clientsUntil } = await cluster(t, { balance });
      await clientsUntil((i) => i === 40);
      t.same([...nodesSince(events, 0)].sort(), NODES);
      await nodes.get('n2')?.close();
      await clientsUntil(() => events.flips.length > 0);
      t.match(events.flips, [{ node: 'n2', to: 'down' }]);
      t.same(events.failedProbes, ['n2', 'n2', 'n2'], 'down after three probes');
      const [failures, since] = [events.failures.length, events.records.length];
      await clientsUntil((i) => i === 40);
      t.equal(events.failures.length, failures, 'it is not dialled any more');
      t.same([...nodesSince(events, since)].sort(), ['n1', 'n3']);
      t.same(
        events.records.filter(({ end }) => end !== 'completed'),
        [],
      );
    },
  );
}

t.test('a frozen node, which still takes connections: its hellos go to the next node', async (t) => {
  const { events, nodes, clientsUntil } = await cluster(t, {
    waitForClient: true,
    handshakeFailover: true,
    timeouts: { handshakeMs: 200 },
    balance: { strategy: 'roundrobin' },
  });
  await clientsUntil((i) => i === 6);
  await nodes.get('n2')?.freeze();
  const since = events.records.length;
  await clientsUntil((i) => i === 9);
  t.same([...nodesSince(events, since)].sort(), ['n1', 'n3']);
  t.ok(events.failovers.length >= 3 && new Set(events.failovers).size === 1, 'from that node only');
  t.same(events.flips, [], 'a connect says nothing of it');
  nodes.get('n2')?.thaw();
  await clientsUntil(() => events.records.at(-1)?.node === 'n2');
  t.pass('and it serves again');
  t.same(
    events.records.filter(({ end }) => end !== 'completed'),
    [],
  );
});
