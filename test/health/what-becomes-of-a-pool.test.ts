// Stories of whole services: what the nodes answer, and whom the balancer may still pick. The clock is turned by hand.

import t, { type Test } from 'tap';
import type { HealthConfig } from '../../src/config/config.ts';
import type { BackendSpec } from '../../src/core/backend.ts';
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
  const checkers = new Checkers({ network: net.network, clock, random: () => 0.5 });
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
      adminChanged: (_service, node, state) => told.push(`${node} is in ${state}`),
      healthSpared: (_service, node, spared, reason) =>
        told.push(spared ? `${node} is kept: ${reason}` : `${node} is well again`),
      probeFindings: (_service, node, findings) => told.push(`${node}: ${findings.join()}`),
      pinnedChanged: (_service, node, up, reason) => told.push(`pinned ${node} ${up ? 'up' : 'down'}: ${reason}`),
    },
  ]);
  const watch = new HealthWatch(config, pool, { observer, checkers }, { onDown() {}, onUp() {}, onStillDown() {} });
  watch.start(9);
  t.teardown(async () => {
    watch.close();
    await checkers.close();
  });
  /** Another file: these backends, and their addresses known at once. */
  const reload = (backends: readonly BackendSpec[], other: ServicePatch = {}): void => {
    const next = { ...serviceConfig({ ...config, ...other }), backends };
    pool.reconcile(backends, { whenAllDown, pinnedNode, slowStartMs: 0, maxPerBackend: undefined });
    watch.update(next, undefined, 9);
    for (const backend of pool.backends) if (!backend.removed) void watch.setAddress(backend, backend.spec.host);
  };
  return { clock, net, pool, told, watch, reload, candidates: () => pool.candidates([]).map((b) => b.node) };
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
  t.equal(g.told.length, 3, 'each once');
  for (const node of g.candidates()) t.ok(g.told.includes(`${node} is kept: GET /: no answer in 3 s`));
  t.match(
    g.told.filter((line) => line.includes('down')),
    [/^\w+ down: GET \/: no answer in 3 s$/],
  );
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

t.test('pinned: whoever answers again is dialled, although health is held down', async (t) => {
  const backends = [backendSpec('one', 9, { host: ADDRESSES.one })];
  const g = group(t, { balance: { strategy: 'pinned', node: 'one' }, backends });
  await g.clock.advance(6000);
  g.net.answer = 'refused';
  await g.clock.advance(8000);
  t.same(g.candidates(), []);
  t.equal(g.told.length, 2);
  g.net.answer = 'good';
  while (g.candidates().length === 0) await g.clock.advance(100);
  t.equal(g.pool.backends[0]?.health, 'down');
  t.equal(g.told.length, 2, 'nothing is told before it is up');
  await g.clock.advance(20_000);
  t.match(g.told.slice(2), [/^one up: /, /^pinned one up: /]);
});

t.test('pinned: accepts and never answers: an alarm, and it is dialled all the same', async (t) => {
  const backends = [backendSpec('one', 9, { host: ADDRESSES.one })];
  const g = group(t, { balance: { strategy: 'pinned', node: 'one' }, backends });
  await g.clock.advance(6000);
  g.net.answer = 'silent';
  await g.clock.advance(30_000);
  t.same(g.told, ['one down: GET /: no answer in 3 s', 'pinned one down: GET /: no answer in 3 s']);
  t.same(g.candidates(), ['one']);
});

t.test('slow, but kept: it is told, and that it is over', async (t) => {
  const backends = [backendSpec('one', 9, { host: ADDRESSES.one })];
  const g = group(t, { backends });
  await g.clock.advance(6000);
  g.net.answer = 'silent';
  await g.clock.advance(60_000);
  t.same(g.told, ['one is kept: GET /: no answer in 3 s']);
  g.net.answer = 'good';
  await g.clock.advance(10_000);
  t.same(g.told.slice(1), ['one is well again']);
});

t.test('a node that a reload brings: down until its first good probe, and a dead one is told', async (t) => {
  const [one, two, three] = Object.entries(ADDRESSES).map(([node, host]) => backendSpec(node, 9, { host })) as [
    BackendSpec,
    BackendSpec,
    BackendSpec,
  ];
  const g = group(t, { backends: [one] });
  await g.clock.advance(6000);
  g.net.answers.set(ADDRESSES.three, 'refused');
  g.reload([one, two, three]);
  t.same(g.candidates(), ['one']);
  await g.clock.advance(100);
  t.same(g.candidates(), ['one', 'two']);
  t.same(g.told, ['two up: first probe', 'three down: connect: refused']);
  await g.clock.advance(60_000);
  t.equal(g.told.length, 2, 'once');
});

t.test('a reload that pins to a dead node: the alarm comes with its first probe', async (t) => {
  const [one, two] = [backendSpec('one', 9, { host: ADDRESSES.one }), backendSpec('two', 9, { host: ADDRESSES.two })];
  const g = group(t, { backends: [one], balance: { strategy: 'pinned', node: 'one' } });
  await g.clock.advance(6000);
  g.net.answers.set(ADDRESSES.two, 'refused');
  g.reload([two], { balance: { strategy: 'pinned', node: 'two' } });
  await g.clock.advance(100);
  t.same(g.told, ['two down: connect: refused', 'pinned two down: connect: refused']);
});

t.test('all that a reload brings are dead: failing open is told once all were asked, and not before', async (t) => {
  const [one, two, three] = Object.entries(ADDRESSES).map(([node, host]) => backendSpec(node, 9, { host })) as [
    BackendSpec,
    BackendSpec,
    BackendSpec,
  ];
  const g = group(t, { backends: [one] });
  await g.clock.advance(6000);
  g.net.answer = 'refused';
  g.reload([two, three]);
  t.same(g.candidates(), ['two', 'three'], 'they are tried');
  t.equal(g.pool.failingOpen, false);
  await g.clock.advance(0);
  t.same(g.told, ['two down: connect: refused'], 'the other is asked in a moment');
  await g.clock.advance(100);
  t.same(g.told.slice(1), ['three down: connect: refused', 'failing open']);
});

t.test(
  'another address in the file is another machine: the one before gets no more, whatever it answers',
  async (t) => {
    const at = (host: string): BackendSpec => backendSpec('one', 9, { host });
    const two = backendSpec('two', 9, { host: ADDRESSES.two });
    const g = group(t, { backends: [at(ADDRESSES.one), two] });
    await g.clock.advance(6000);
    g.net.answers.set(ADDRESSES.three, 'refused');
    g.reload([at(ADDRESSES.three), two]);
    t.same(g.candidates(), ['two']);
    t.equal(g.pool.backends[0]?.address, ADDRESSES.three);
    g.net.calls.length = 0;
    await g.clock.advance(20_000);
    t.notOk(g.net.calls.some((call) => call.target.address === ADDRESSES.one));
    t.same(g.told, ['one down: connect: refused']);
    g.net.answers.delete(ADDRESSES.three);
    await g.clock.advance(6000);
    t.same(g.told.slice(1), ['one up: first probe']);
    t.same(g.candidates(), ['one', 'two']);
  },
);

t.test('a name that changes its mind while its new address is asked', async (t) => {
  const g = group(t, { backends: [backendSpec('one', 9, { host: 'one.example.net' })] });
  const [backend] = g.pool.backends;
  if (backend === undefined) throw new Error('no backend');
  g.pool.setAddress(backend, ADDRESSES.one);
  await g.watch.setAddress(backend, ADDRESSES.one);
  const asked = g.watch.setAddress(backend, ADDRESSES.two);
  await g.watch.setAddress(backend, ADDRESSES.one);
  await asked;
  t.equal(backend.address, ADDRESSES.one);
  await g.watch.setAddress(backend, ADDRESSES.two);
  t.equal(backend.address, ADDRESSES.two, 'it is taken where it stands');
});

t.test('a name that has no address, where nothing is asked: up when it has one', async (t) => {
  const g = group(t, { health: false, backends: [backendSpec('one', 9, { host: 'one.example.net' })] });
  const [backend] = g.pool.backends;
  if (backend === undefined) throw new Error('no backend');
  g.pool.setHealth(backend, 'down', 'one.example.net: the name was not resolved', true);
  g.pool.setAddress(backend, undefined);
  await g.watch.setAddress(backend, ADDRESSES.one);
  t.same(g.told, ['one up: no health check']);
});

t.test('maint: no probes, no alarms; ready again, the next probe decides', async (t) => {
  const g = group(t);
  await g.clock.advance(6000);
  g.watch.setAdmin('two', 'maint', 'asked for');
  t.same(g.candidates(), ['one', 'three']);
  g.net.calls.length = 0;
  g.net.answers.set(ADDRESSES.two, 'refused');
  await g.clock.advance(60_000);
  t.notOk(
    g.net.calls.some((call) => call.target.address === ADDRESSES.two),
    'it is not asked',
  );
  t.same(g.told, ['two is in maint']);
  g.watch.setAdmin('two', 'ready', 'asked for');
  await g.clock.advance(0);
  t.same(g.told.slice(1), ['two is in ready', 'two down: connect: refused']);
  g.watch.setAdmin('two', 'ready', 'asked for');
  t.equal(g.told.length, 3, 'said once');
});

t.test('drain: no new sessions, and it is asked as before', async (t) => {
  const g = group(t);
  await g.clock.advance(6000);
  g.watch.setAdmin('two', 'drain', 'asked for');
  t.same(g.candidates(), ['one', 'three']);
  g.net.calls.length = 0;
  g.net.answers.set(ADDRESSES.two, 503);
  await g.clock.advance(20_000);
  t.same(g.told, ['two is in drain', 'two down: GET /: 503, not 200']);
});

t.test('those in maint are no reason to fail open, nor to go on with it', async (t) => {
  const g = group(t);
  await g.clock.advance(6000);
  g.net.answers.set(ADDRESSES.one, 503);
  await g.clock.advance(20_000);
  g.watch.setAdmin('two', 'maint', 'asked for');
  g.told.length = 0;
  g.watch.setAdmin('three', 'maint', 'asked for');
  t.same(g.told, ['three is in maint', 'failing open'], 'the only one left is down');
  t.same(g.candidates(), ['one']);
  g.watch.setAdmin('three', 'ready', 'asked for');
  t.same(g.told.slice(2), ['three is in ready', 'no longer failing open']);
});

t.test('in maint from the start: not asked before it is ready', async (t) => {
  const [one, two] = [backendSpec('one', 9, { host: ADDRESSES.one }), backendSpec('two', 9, { host: ADDRESSES.two })];
  const g = group(t, { backends: [one, { ...two, admin: 'maint' }] });
  await g.clock.advance(20_000);
  t.same([...new Set(g.net.calls.map((call) => call.target.address))], [ADDRESSES.one]);
  g.watch.setAdmin('two', 'ready', 'asked for');
  await g.clock.advance(0);
  t.ok(g.net.calls.some((call) => call.target.address === ADDRESSES.two));
});

t.test('what there is to say besides: held, and kept although slow', async (t) => {
  const g = group(t);
  await g.clock.advance(6000);
  const notes = () => Object.fromEntries(g.pool.backends.map((b) => [b.node, g.watch.about(b).note]));
  g.net.answers.set(ADDRESSES.two, 503);
  await g.clock.advance(20_000);
  t.same(notes(), { one: '', two: '', three: '' }, 'why it is down is no note');
  g.net.answers.delete(ADDRESSES.two);
  while (g.pool.backends[1]?.health === 'down' && notes()['two'] === '') await g.clock.advance(100);
  const down = g.told.length;
  g.net.answers.set(ADDRESSES.two, 503);
  await g.clock.advance(20_000);
  t.match(g.told.slice(down), [/^two down: .*; down 2 times in 10 minutes, held for 20 s$/]);
  g.net.answers.delete(ADDRESSES.two);
  await g.clock.advance(5000);
  t.match(notes()['two'], /^answers again, held for another \d+ s \(down 2 times in 10 minutes\); was: GET \/: 503/);
});
