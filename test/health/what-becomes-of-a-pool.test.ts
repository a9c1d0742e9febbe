// Stories of whole services: what the nodes answer, and whom the balancer may still pick. The clock is turned by hand.

import t, { type Test } from 'tap';
import type { HealthConfig } from '../../src/config/config.ts';
import { fanOut } from '../../src/core/events.ts';
import { Pool } from '../../src/core/pool.ts';
import { Checkers } from '../../src/health/checkers.ts';
import { HealthWatch } from '../../src/health/health-watch.ts';
import { backendSpec, type ServicePatch, serviceConfig } from '../fixtures/balancer.ts';
import { healthConfig } from '../fixtures/health-config.ts';
import { manualClock } from '../fixtures/manual-clock.ts';
import { scriptedConnect } from '../fixtures/scripted-connect.ts';

const ADDRESSES = { one: '127.0.0.1', two: '127.0.0.2', three: '127.0.0.3' } as const;

function group(t: Test, patch: ServicePatch = {}, health: Partial<HealthConfig> = {}) {
  const clock = manualClock();
  const net = scriptedConnect(clock.now);
  const checkers = new Checkers({ connect: net.connect, clock, random: () => 0.5 });
  const config = serviceConfig({
    backends: Object.entries(ADDRESSES).map(([node, host]) => backendSpec(node, 9, { host })),
    health: healthConfig({ type: 'http', ...health }),
    ...patch,
  });
  const { balance, whenAllDown } = config;
  const pinnedNode = balance.strategy === 'pinned' ? balance.node : undefined;
  const pool = new Pool(config.backends, { whenAllDown, pinnedNode, slowStartMs: 0, maxPerBackend: undefined }, clock);
  for (const backend of pool.backends) pool.setAddress(backend, backend.spec.host);
  const told: string[] = [];
  const observer = fanOut([
    {
      healthFlipped: (flip) => told.push(`${flip.node} ${flip.to}: ${flip.reason}`),
      failingOpen: (_service, failing) => told.push(failing ? 'failing open' : 'no longer failing open'),
      pinnedChanged: (_service, node, up, reason) => told.push(`pinned ${node} ${up ? 'up' : 'down'}: ${reason}`),
    },
  ]);
  const watch = new HealthWatch(config, pool, { observer, checkers }, { onDown() {}, onUp() {} });
  watch.start(9);
  t.teardown(async () => {
    watch.close();
    await checkers.close();
  });
  return { clock, net, pool, told, candidates: () => pool.candidates([]).map((b) => b.node) };
}

t.test('one of three fails: out in three probes, back when it answers again', async (t) => {
  const g = group(t);
  await g.clock.advance(6000);
  t.same(g.candidates(), ['one', 'two', 'three']);
  g.net.calls.length = 0;
  g.net.answers.set(ADDRESSES.two, 503);
  while (g.told.length === 0) await g.clock.advance(100);
  t.equal(g.net.calls.filter((call) => call.target.address === ADDRESSES.two).length, 3);
  t.same(g.told, ['two down: GET /: 503, not 200']);
  t.same(g.candidates(), ['one', 'three']);
  g.net.answers.delete(ADDRESSES.two);
  await g.clock.advance(20_000);
  t.same(g.told.slice(1), ['two up: 2 good in a row']);
  t.same(g.candidates(), ['one', 'two', 'three']);
});

t.test('all fail at once: nobody leaves, one alarm, and one all-clear', async (t) => {
  const g = group(t);
  await g.clock.advance(6000);
  g.net.answer = 503;
  await g.clock.advance(60_000);
  t.same(g.candidates(), ['one', 'two', 'three']);
  t.equal(g.told.filter((line) => line === 'failing open').length, 1);
  t.equal(g.told.filter((line) => line.includes('down')).length, 3, 'health says what was seen');
  g.told.length = 0;
  g.net.answer = 'good';
  await g.clock.advance(60_000);
  t.equal(g.told.filter((line) => line === 'no longer failing open').length, 1);
  t.same(g.candidates(), ['one', 'two', 'three']);
});

t.test('all fail at once, when_all_down: refuse', async (t) => {
  const g = group(t, { whenAllDown: 'refuse' });
  await g.clock.advance(6000);
  g.net.answer = 503;
  await g.clock.advance(20_000);
  t.same(g.candidates(), []);
  t.notOk(g.told.includes('failing open'));
});

t.test('what fails is upstream: nothing happens to the nodes', async (t) => {
  const g = group(t, {}, { upstream: true });
  g.net.answer = 503;
  await g.clock.advance(60_000);
  t.same(g.candidates(), ['one', 'two', 'three']);
  t.same(g.told, []);
});

t.test('a load that makes each answer slowly: one may leave, the others carry it', async (t) => {
  const g = group(t);
  await g.clock.advance(6000);
  g.net.answer = 'silent';
  await g.clock.advance(120_000);
  t.equal(g.candidates().length, 2);
  t.same(g.told.length, 1);
  t.match(g.told[0], /^\w+ down: GET \/: no answer in 3 s$/);
  // One that refuses is no question of load.
  const [first = 'one'] = g.candidates() as (keyof typeof ADDRESSES)[];
  g.net.answers.set(ADDRESSES[first], 'refused');
  await g.clock.advance(20_000);
  t.equal(g.candidates().length, 1);
});

t.test('our own failures take out nobody', async (t) => {
  const g = group(t);
  g.net.answer = 'no-descriptors';
  await g.clock.advance(60_000);
  t.same(g.told, []);
  t.same(g.candidates(), ['one', 'two', 'three']);
});

t.test('dead at the start: the first probe says so', async (t) => {
  const g = group(t);
  g.net.answers.set(ADDRESSES.three, 'refused');
  t.same(g.candidates(), ['one', 'two', 'three'], 'up until then');
  await g.clock.advance(100);
  t.same(g.candidates(), ['one', 'two']);
});

t.test('pinned: refuses after a failed connect, and dials a node whose answer is only wrong', async (t) => {
  const backends = [backendSpec('one', 9, { host: ADDRESSES.one })];
  const g = group(
    t,
    { balance: { strategy: 'pinned', node: 'one' }, backends },
    { path: '/puppet-ca/v1/certificate/ca' },
  );
  await g.clock.advance(6000);
  t.same(g.candidates(), ['one']);
  g.net.answer = 403;
  await g.clock.advance(20_000);
  t.same(g.candidates(), ['one'], 'dialling it can do no harm');
  t.ok(g.told.includes('pinned one down: GET /puppet-ca/v1/certificate/ca: 403, not 200'));
  g.net.answer = 'refused';
  await g.clock.advance(10_000);
  t.same(g.candidates(), [], 'now it is gone');
  g.net.answer = 403;
  await g.clock.advance(10_000);
  t.same(g.candidates(), ['one'], 'and there again');
  g.net.answer = 'good';
  await g.clock.advance(20_000);
  t.match(g.told.at(-1), /^pinned one up: /);
});
