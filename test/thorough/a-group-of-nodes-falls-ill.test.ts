// Whole load balancers over real sockets: what becomes of clients when what probes ask goes wrong, on one node, on all of
// them, or on the one that signs certificates.

import t, { type Test } from 'tap';
import type { HealthConfig } from '../../src/config/config.ts';
import { backendSpec, type Running, type ServicePatch, startBalancer } from '../fixtures/balancer.ts';
import { healthConfig } from '../fixtures/health-config.ts';
import { type HealthNode, healthNode } from '../fixtures/health-node.ts';
import { testMetrics } from '../fixtures/metrics.ts';
import { SOCKET_WAYS } from '../fixtures/sockets.ts';
import { closedPort, startClient } from '../fixtures/tcp.ts';
import { Watched } from '../fixtures/watched.ts';

const FAST: Partial<HealthConfig> = { type: 'http', intervalMs: 150, fastIntervalMs: 100, timeoutMs: 200 };
const sockets = SOCKET_WAYS.at(-1) ?? { kind: 'plain' };

async function group(t: Test, patch: ServicePatch = {}) {
  const nodes: HealthNode[] = [];
  for (const last of [2, 3, 4]) nodes.push(await healthNode(t, `127.0.0.${last}`));
  const backends = nodes.map(({ host, port }, i) => backendSpec(`n${i + 1}`, port, { host }));
  const running = await startBalancer(t, [{ backends, health: healthConfig(FAST), ...patch }], { sockets });
  return { ...running, nodes };
}

/** One session after the other; each must be served. Answers with the nodes that did. */
async function clients(t: Test, { events, port }: Running, count: number, service = 'test') {
  const from = events.records.length;
  for (let i = 0; i < count; i++) {
    const client = new Watched(await startClient(t, port(service)));
    client.socket.write('hello');
    await client.heard(5);
    client.socket.end();
    t.equal(await client.something(), 'fin');
    await events.until(() => events.records.length > from + i);
  }
  const records = events.records.slice(from);
  t.equal(records.filter(({ end }) => end !== 'completed').length, 0, 'every client was served');
  return [...new Set(records.map(({ node }) => node))].sort();
}

const failedOf = ({ events }: Running, node: string) => events.failedProbes.filter((n) => n === node).length;
const gauge = ({ balancer }: Running, series: string) => testMetrics(() => balancer.snapshot()).value(series);

t.test('one of three answers wrong: out after three probes, and no client notices', async (t) => {
  const running = await group(t);
  const { events, nodes } = running;
  await events.until(() => new Set(events.probes).size === 3);
  t.same(await clients(t, running, 6), ['n1', 'n2', 'n3']);
  const [, ill] = nodes;
  if (ill !== undefined) ill.answer = 503;
  while (events.flips.length === 0) await clients(t, running, 1);
  t.match(events.flips, [{ node: 'n2', to: 'down', reason: 'GET /: 503, not 200' }]);
  t.equal(failedOf(running, 'n2'), 3);
  t.same(await clients(t, running, 6), ['n1', 'n3']);
  t.same(events.alarms, []);
});

t.test('all fail at once: nobody is taken out, and one alarm says so', async (t) => {
  const running = await group(t);
  const { events, nodes } = running;
  await events.until(() => new Set(events.probes).size === 3);
  for (const node of nodes) node.answer = 503;
  await events.until(() => events.flips.length === 3);
  // Long after it was told.
  await events.until(() => ['n1', 'n2', 'n3'].every((node) => failedOf(running, node) >= 8));
  t.same(await clients(t, running, 6), ['n1', 'n2', 'n3']);
  t.same(events.alarms, ['test: failing open']);
  t.equal(await gauge(running, 'chargehand_service_failing_open{service="test"}'), 1);
  t.equal(
    await gauge(running, 'chargehand_backend_up{node="n1",service="test"}'),
    0,
    'what was seen is told all the same',
  );
});

t.test('an overloaded group answers slowly: one may leave, the others stay and carry it', async (t) => {
  const running = await group(t);
  const { balancer, events, nodes } = running;
  await events.until(() => new Set(events.probes).size === 3);
  for (const node of nodes) node.answer = 'silent';
  await events.until(() => ['n1', 'n2', 'n3'].every((node) => failedOf(running, node) >= 6));
  t.equal(events.flips.length, 1, 'no cascade');
  const out = events.flips[0]?.node;
  t.same(
    await clients(t, running, 6),
    ['n1', 'n2', 'n3'].filter((node) => node !== out),
  );
  t.same(events.alarms, []);
  for (const { node, health, reason, note } of balancer.snapshot()[0]?.backends ?? []) {
    if (node === out) t.match({ health, reason, note }, { health: 'down', reason: /no answer in 0\.2 s$/ });
    else
      t.match({ health, reason, note }, { health: 'up', reason: '', note: /^slow, but kept: .*no answer in 0\.2 s$/ });
  }
});

/** `puppet-ca` on the first of two nodes, and another service on both. */
async function withCa(t: Test) {
  const ca = await healthNode(t, '127.0.0.2', await closedPort('127.0.0.2'));
  const other = await healthNode(t, '127.0.0.3');
  const health = healthConfig({ ...FAST, name: 'puppet-ca', path: '/puppet-ca/v1/certificate/ca' });
  const first = backendSpec('n1', ca.port, { host: ca.host });
  const listen = async () => [{ kind: 'tcp', host: '127.0.0.1', port: await closedPort(), ipv6Only: false }] as const;
  const running = await startBalancer(
    t,
    [
      {
        name: 'puppet-ca',
        listen: await listen(),
        backends: [first],
        balance: { strategy: 'pinned', node: 'n1' },
        health,
      },
      {
        name: 'puppet',
        listen: await listen(),
        backends: [first, backendSpec('n2', other.port, { host: other.host })],
        health: healthConfig(FAST),
      },
    ],
    { sockets },
  );
  return { ...running, ca, other };
}

t.test('the CA node is gone: its service refuses without dialling, the others go on', async (t) => {
  const running = await withCa(t);
  const { events, ca, port } = running;
  t.same(await clients(t, running, 1, 'puppet-ca'), ['n1']);
  await ca.leave();
  await events.until(() => events.flips.length === 2);
  const reason = `connect to 127.0.0.2:${ca.port}: refused`;
  t.same(events.alarms, [`puppet-ca: n1 is down: ${reason}`]);
  t.equal(await gauge(running, 'chargehand_pinned_up{service="puppet-ca"}'), 0);

  const [dials, records] = [events.failures.length, events.records.length];
  const client = new Watched(await startClient(t, port('puppet-ca')));
  t.equal(await client.something(), 'fin');
  await events.until(() => events.records.length > records);
  t.match(events.records[records], {
    service: 'puppet-ca',
    end: 'no-backend',
    endedBy: 'proxy',
    phase: 'dial',
    retries: 0,
  });
  t.equal(events.records[records]?.node, undefined);
  t.equal(events.failures.length, dials, 'nobody was dialled');
  t.same(await clients(t, running, 4, 'puppet'), ['n2']);
});

t.test('the CA node says 403: an alarm, and it is dialled all the same', async (t) => {
  const running = await withCa(t);
  const { events, ca } = running;
  await events.until(() => events.probes.length >= 3);
  ca.answer = 403;
  await events.until(() => events.flips.length === 2);
  t.same(events.alarms, ['puppet-ca: n1 is down: GET /puppet-ca/v1/certificate/ca: 403, not 200']);
  t.equal(await gauge(running, 'chargehand_pinned_up{service="puppet-ca"}'), 0);
  t.same(await clients(t, running, 3, 'puppet-ca'), ['n1']);
});
