// When probes are sent, by a clock turned by hand and a network that answers from a script.

import t from 'tap';
import { Checkers, type Flip, type Watch, type WatchOptions } from '../../src/health/checkers.ts';
import type { ProbeResult } from '../../src/health/probes/probe.ts';
import { healthConfig } from '../fixtures/health-config.ts';
import { type ManualClock, manualClock } from '../fixtures/manual-clock.ts';
import { type ScriptedConnect, scriptedConnect } from '../fixtures/scripted-connect.ts';

interface Bench {
  readonly clock: ManualClock;
  readonly net: ScriptedConnect;
  readonly checkers: Checkers;
  readonly flips: (Flip & { at: number })[];
  readonly results: ProbeResult[];
  watch(overrides?: Partial<WatchOptions>): Watch;
  /** Probes sent since it was last asked, as milliseconds from the bench's start. */
  sent(): number[];
}

/** `random` 0.5: no jitter, and a second probe after half an interval. */
function bench(t: { teardown(fn: () => unknown): unknown }, random = () => 0.5): Bench {
  const clock = manualClock();
  const zero = clock.now();
  const net = scriptedConnect(clock.now);
  const checkers = new Checkers({ network: net.network, clock, random });
  t.teardown(() => checkers.close());
  const flips: (Flip & { at: number })[] = [];
  const results: ProbeResult[] = [];
  let told = 0;
  return {
    clock,
    net,
    checkers,
    flips,
    results,
    watch: (overrides) =>
      checkers.watch({
        health: healthConfig(),
        target: { address: '127.0.0.1', port: 9 },
        initial: 'up',
        mayGoDownSlow: () => true,
        onFlip: (flip) => flips.push({ ...flip, at: clock.now() - zero }),
        onProbe: (result) => results.push(result),
        ...overrides,
      }),
    sent() {
      const calls = net.calls.slice(told).map((call) => call.at - zero);
      told = net.calls.length;
      return calls;
    },
  };
}

t.test('the first at once, then every interval', async (t) => {
  const b = bench(t);
  b.watch();
  await b.clock.advance(0);
  t.same(b.sent(), [0]);
  await b.clock.advance(20_000);
  t.same(b.sent(), [2500, 7500, 12_500, 17_500], 'the second one anywhere in the interval');
  t.equal(b.results.length, 5);
});

t.test('each gap has jitter', async (t) => {
  let turn = 0;
  const b = bench(t, () => [0.999, 0, 0.999, 0][turn++ % 4] ?? 0);
  b.watch();
  await b.clock.advance(19_600);
  const sent = b.sent();
  const gaps = sent.slice(1).map((at, i) => Math.round(at - (sent[i] ?? 0)));
  t.same(gaps, [5000, 4500, 5500, 4500], 'on ticks of 100 ms');
});

t.test('faster while a state is changing', async (t) => {
  const b = bench(t);
  b.watch();
  await b.clock.advance(2000);
  b.sent();
  b.net.answer = 'refused';
  await b.clock.advance(4500);
  t.same(b.sent(), [2500, 3500, 4500], 'three at the fast interval, then no hurry');
  t.same(
    b.flips.map((f) => [f.to, f.at, f.reason, f.connectFailed, f.slow]),
    [['down', 4500, 'connect: refused', true, false]],
  );
  b.net.answer = 'good';
  await b.clock.advance(30_000);
  t.same(b.flips.map((f) => [f.to, f.at]).slice(1), [['up', 14_500]], 'held for 10 s, then up');
  t.equal(b.flips[1]?.reason, '2 good in a row');
});

t.test('a slow probe never overlaps the next', async (t) => {
  const b = bench(t);
  const config = healthConfig({ intervalMs: 1000, fastIntervalMs: 500, timeoutMs: 3000 });
  const watch = b.watch({ health: config });
  b.net.answer = 'hangs';
  await b.clock.advance(2999);
  watch.probeNow();
  t.equal(b.net.open, 1);
  t.same(b.sent(), [0]);
  await b.clock.advance(1);
  t.equal(b.net.open, 1, 'the next one right after');
  t.same(b.sent(), [3000]);
  t.match(b.results, [{ ok: false, code: 'timeout', seconds: 3 }]);
});

t.test('a passive request brings the next one forward, at most one in each fast interval', async (t) => {
  const b = bench(t);
  const watch = b.watch();
  await b.clock.advance(0);
  b.sent();
  for (let i = 0; i < 100; i++) watch.probeNow();
  await b.clock.advance(999);
  t.same(b.sent(), []);
  await b.clock.advance(1);
  t.same(b.sent(), [1000]);
  await b.clock.advance(3000);
  watch.probeNow();
  await b.clock.advance(0);
  t.same(b.sent(), [4000], 'at once, where the last one is long ago');
});

t.test('a request while one runs asks again, since that one may have begun too early', async (t) => {
  const b = bench(t);
  const watch = b.watch();
  b.net.answer = 'hangs';
  await b.clock.advance(500);
  watch.probeNow();
  b.net.answer = 'good';
  await b.clock.advance(2500);
  t.same(b.sent(), [0, 3000], 'right after it');
});

t.test('those who ask the same thing share one probe, and judge it by their own rise and fall', async (t) => {
  const b = bench(t);
  const flips: string[] = [];
  b.watch({ health: healthConfig({ fall: 2 }), onFlip: (f) => flips.push(`a ${f.to}`) });
  b.watch({ health: healthConfig({ fall: 4, name: 'other' }), onFlip: (f) => flips.push(`b ${f.to}`) });
  const own = b.watch({ health: healthConfig({ timeoutMs: 2000 }), onFlip: (f) => flips.push(`c ${f.to}`) });
  t.equal(b.checkers.size, 2);
  own.close();
  t.equal(b.checkers.size, 1);
  await b.clock.advance(0);
  t.equal(b.sent().length, 1);
  b.net.answer = 'refused';
  await b.clock.advance(5600);
  t.same(b.sent(), [2500, 3500, 4500, 5500]);
  t.same(flips, ['a down', 'b down']);
});

t.test('one that joins a running check hears soon', async (t) => {
  const b = bench(t);
  b.watch();
  await b.clock.advance(4000);
  b.sent();
  const heard: ProbeResult[] = [];
  const late = b.watch({ initial: 'down', onProbe: (r) => heard.push(r) });
  await b.clock.advance(0);
  t.same(b.sent(), [4000]);
  t.equal(heard.length, 1);
  t.equal(late.state().health, 'up', 'its first good one');
});

t.test('another address moves the watch and keeps its standing', async (t) => {
  const b = bench(t);
  const watch = b.watch();
  b.net.answer = 'refused';
  await b.clock.advance(0);
  t.equal(watch.state().health, 'down');
  b.net.calls.length = 0;
  watch.retarget({ address: '127.0.0.2', port: 9 });
  t.equal(b.checkers.size, 1);
  await b.clock.advance(100);
  t.equal(watch.state().health, 'down');
  t.same(
    b.net.calls.map((c) => c.target.address),
    ['127.0.0.2'],
  );
  watch.retarget(undefined);
  t.equal(b.checkers.size, 0);
  t.equal(b.clock.pending, 0);
});

t.test('paused it asks nothing; resumed the next result decides', async (t) => {
  const b = bench(t);
  const watch = b.watch();
  await b.clock.advance(0);
  b.sent();
  watch.pause();
  t.equal(b.clock.pending, 0);
  await b.clock.advance(60_000);
  t.same(b.sent(), []);
  b.net.answer = 'refused';
  watch.resume();
  await b.clock.advance(0);
  t.same(b.sent(), [60_000]);
  t.equal(watch.state().health, 'down');
});

t.test('our own failures and those of what stands behind the nodes change nothing', async (t) => {
  const b = bench(t);
  const ours = b.watch();
  const upstream = b.watch({ health: healthConfig({ upstream: true }), initial: 'down' });
  b.net.answer = 'no-descriptors';
  await b.clock.advance(60_000);
  b.net.answer = 'refused';
  t.equal(ours.state().health, 'up');
  await b.clock.advance(60_000);
  t.equal(ours.state().health, 'down');
  t.equal(upstream.state().health, 'up');
  t.equal(upstream.state().last?.ok, false, 'it is told all the same');
});

t.test('it tells when the reason for being down changes', async (t) => {
  const b = bench(t);
  const reasons: [string, boolean][] = [];
  b.watch({ onReason: (...args) => reasons.push(args) });
  b.net.answer = 'refused';
  await b.clock.advance(6000);
  t.same(reasons, []);
  b.net.answer = 'hangs';
  await b.clock.advance(20_000);
  t.same(reasons, [['connect: timed out', true]]);
});

t.test('the state says why, in every case', async (t) => {
  const b = bench(t);
  const watch = b.watch();
  await b.clock.advance(0);
  t.match(watch.state(), { health: 'up', streak: 0, reason: '', connectFailed: false, last: { ok: true } });
  b.net.answer = 'refused';
  await b.clock.advance(2500);
  t.match(watch.state(), { health: 'up', streak: 1, reason: 'connect: refused', connectFailed: false });
  await b.clock.advance(2000);
  t.match(watch.state(), { health: 'down', streak: 0, reason: 'connect: refused', connectFailed: true });
  b.net.answer = 'good';
  await b.clock.advance(8000);
  t.match(watch.state(), {
    health: 'down',
    reason: 'answers again, held for another 2 s (down 1 time in 10 minutes); was: connect: refused',
  });
  await b.clock.advance(5000);
  t.match(watch.state(), { health: 'up', reason: '' });
  b.net.answer = 'refused';
  await b.clock.advance(10_000);
  t.equal(b.flips.at(-1)?.reason, 'connect: refused; down 2 times in 10 minutes, held for 20 s');
});

t.test('many start together and then part', async (t) => {
  let seed = 1;
  const b = bench(t, () => {
    seed = (seed * 16807) % 2147483647;
    return seed / 2147483647;
  });
  for (let i = 0; i < 200; i++) b.watch({ target: { address: '127.0.0.1', port: 1000 + i } });
  t.equal(b.clock.pending, 5, 'those of one tick share a timer');
  await b.clock.advance(400);
  t.equal(b.sent().length, 200, 'the first ones within half a second');
  await b.clock.advance(30_000);
  const slots = new Map<number, number>();
  for (const at of b.sent()) if (at > 6000) slots.set(Math.floor(at / 250), (slots.get(Math.floor(at / 250)) ?? 0) + 1);
  const most = Math.max(...slots.values());
  t.ok(most < 30, `200 in 20 slots of an interval; the fullest has ${most}`);
});

t.test('close ends timers and running probes, and nothing is called after it', async (t) => {
  const b = bench(t);
  b.watch();
  b.watch({ target: { address: '127.0.0.2', port: 9 } });
  b.net.answer = 'hangs';
  const asked = b.checkers.ask(healthConfig(), { address: '127.0.0.3', port: 9 });
  await b.clock.advance(100);
  t.equal(b.net.open, 3);
  await b.checkers.close();
  t.match(await asked, { ok: false });
  t.equal(b.net.open, 0);
  t.equal(b.clock.pending, 0);
  t.equal(b.checkers.size, 0);
  t.same(b.results, []);
  t.same(b.flips, []);
});
