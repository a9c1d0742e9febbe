import t from 'tap';
import type { BackendSpec } from '../../src/core/backend.ts';
import { type Backend, Pool, type PoolOptions } from '../../src/core/pool.ts';
import { backendSpec } from '../fixtures/balancer.ts';
import { manualClock } from '../fixtures/manual-clock.ts';

const usual: PoolOptions = { whenAllDown: 'use_all', pinnedNode: undefined, slowStartMs: 0, maxPerBackend: undefined };

function pool(nodes: Readonly<Record<string, Partial<BackendSpec>>>, options: Partial<PoolOptions> = {}) {
  const clock = manualClock();
  const specs = Object.entries(nodes).map(([node, patch]) => backendSpec(node, 1, patch));
  const made = new Pool(specs, { ...usual, ...options }, clock);
  for (const backend of made.backends) made.setAddress(backend, '192.0.2.1');
  const get = (node: string) => made.backends.find((b) => b.node === node) as Backend;
  const names = (tried: string[] = []) => made.candidates(tried.map(get)).map((b) => b.node);
  const down = (node: string, connectFailed = true) => made.setHealth(get(node), 'down', 'refused', connectFailed);
  const up = (node: string) => made.setHealth(get(node), 'up', '', false);
  return { made, clock, get, names, down, up };
}

t.test('who is up, ready and has an address, in the order of the file, and not tried', async (t) => {
  const { made, get, names, down, up } = pool({ c: {}, a: {}, b: {}, m: { admin: 'maint' }, d: { admin: 'drain' } });
  t.same(names(), ['c', 'a', 'b']);
  t.same(names(['a']), ['c', 'b']);
  down('c');
  t.same(names(), ['a', 'b']);
  made.setAdmin(get('b'), 'drain');
  t.same(names(), ['a']);
  made.setAddress(get('a'), undefined);
  made.setAdmin(get('m'), 'ready');
  t.same(names(), ['m']);
  up('c');
  t.same(names(), ['c', 'm']);
  t.same(names(['c', 'm']), []);
});

t.test('backups only when there is nobody else', async (t) => {
  const { names, down } = pool({ b: { backup: true }, a: {}, c: {} });
  t.same(names(), ['a', 'c']);
  t.same(names(['a']), ['c']);
  t.same(names(['a', 'c']), ['b']);
  t.same(names(['a', 'b', 'c']), []);
  down('a');
  down('c');
  t.same(names(), ['b']);
});

t.test('all down: all that are ready, or nobody', async (t) => {
  const open = pool({ a: {}, b: {}, m: { admin: 'maint' }, x: { backup: true } });
  for (const node of ['a', 'b', 'm']) open.down(node);
  t.same(open.names(), ['x']);
  t.notOk(open.made.failingOpen, 'a backup is somebody');
  open.down('x');
  t.same(open.names(), ['a', 'b'], 'never maint');
  t.same(open.names(['a', 'b']), ['x']);
  t.ok(open.made.failingOpen);
  t.equal(open.get('a').health, 'down', 'health says what was observed');
  open.up('b');
  t.same(open.names(), ['b']);
  t.notOk(open.made.failingOpen);
  const shut = pool({ a: {} }, { whenAllDown: 'refuse' });
  shut.down('a');
  t.same(shut.names(), []);
  t.notOk(shut.made.failingOpen);
  t.notOk(shut.made.available);
});

t.test('pinned: its node, unless its connect failed; never another', async (t) => {
  const { names, down, up, made, get } = pool({ a: {}, ca: {} }, { pinnedNode: 'ca' });
  t.same(names(), ['ca']);
  down('ca', false);
  t.same(names(), ['ca'], 'dialling it although its answer was wrong can do no harm');
  down('ca', true);
  t.same(names(), []);
  up('ca');
  made.setAdmin(get('ca'), 'drain');
  t.same(names(), []);
});

t.test('full', async (t) => {
  const { made, get } = pool({ a: {} }, { maxPerBackend: 2 });
  const a = get('a');
  for (const [active, full] of [
    [0, false],
    [1, false],
    [2, true],
    [3, true],
  ] as const) {
    a.active = active;
    t.equal(made.isFull(a), full, `${active}`);
  }
  t.notOk(pool({ a: {} }).made.isFull(a), 'without a limit');
});

t.test('who came back takes its share little by little', async (t) => {
  const { made, clock, get, names, down, up } = pool({ a: { weight: 10 }, b: {} }, { slowStartMs: 10_000 });
  t.equal(get('a').weight, 10, 'not at the start of the process');
  down('a');
  up('a');
  const weightAfter = async (ms: number) => {
    await clock.advance(ms);
    names();
    return get('a').weight;
  };
  t.equal(await weightAfter(0), 0.5, 'never nothing');
  t.equal(await weightAfter(5000), 5);
  made.setWeight(get('a'), 20);
  t.equal(await weightAfter(2500), 15, 'a new weight counts at once');
  t.equal(await weightAfter(2500), 20);
  down('a');
  up('a');
  t.equal(await weightAfter(0), 1);
  down('a');
  t.equal(get('a').weight, 20, 'down again, it starts anew next time');
});

t.test('what is told of a backend', async (t) => {
  const { clock, get, down, up } = pool({ a: {} });
  const since = get('a').changedAt;
  await clock.advance(1000);
  down('a');
  t.match(get('a'), { health: 'down', reason: 'refused', connectFailed: true, changedAt: since + 1000 });
  await clock.advance(1000);
  down('a', false);
  t.match(get('a'), { connectFailed: false, changedAt: since + 1000 }, 'another reason is no other state');
  up('a');
  t.match(get('a'), { health: 'up', reason: '', connectFailed: false, changedAt: since + 2000 });
});

t.test('a node that came back while sessions of its former self run is itself again at every reload', (t) => {
  const { made, get, up } = pool({ a: {}, x: {} });
  const both = ['a', 'x'].map((node) => backendSpec(node, 1));
  const [onlyA] = both.map((spec) => [spec]);
  const former = get('x');
  former.take();
  made.reconcile(onlyA ?? [], usual);
  t.same(
    made.backends.map((b) => b.node),
    ['a', 'x'],
    'its session runs',
  );
  t.same(
    made.reconcile(both, usual).added.map((b) => b.node),
    ['x'],
  );
  const again = get('x');
  t.not(again, former);
  made.setAddress(again, '192.0.2.1');
  up('x');
  again.take();
  t.same(made.reconcile(both, usual), { added: [], removed: [] });
  t.equal(get('x'), again, 'with its health and its sessions');
  t.match(again, { health: 'up', active: 1, removed: false });
  t.same(made.backends, [get('a'), again, former]);
  former.active = 0;
  made.tidy();
  t.same(made.backends, [get('a'), again]);
  t.end();
});
