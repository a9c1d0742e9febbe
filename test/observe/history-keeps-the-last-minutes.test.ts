import t from 'tap';
import type { ServiceSnapshot } from '../../src/core/status.ts';
import { History, RECENT_ENDS, SAMPLE_MS, SAMPLES } from '../../src/observe/history.ts';
import { manualClock } from '../fixtures/manual-clock.ts';
import { backendSnapshot, serviceSnapshot } from '../fixtures/service-snapshot.ts';
import { sessionRecord } from '../fixtures/session-record.ts';

function scene(first: readonly ServiceSnapshot[]) {
  let now = first;
  const clock = manualClock();
  const history = new History({ clock, snapshot: () => now });
  return {
    history,
    clock,
    set: (services: readonly ServiceSnapshot[]) => {
      now = services;
    },
  };
}

t.test('sessions, new ones a second and bytes a second, by backend and in all', async (t) => {
  const { history, clock, set } = scene([
    serviceSnapshot({ backends: [backendSnapshot({ active: 2, bytesIn: 1000, bytesOut: 5000 })] }),
  ]);
  history.start();
  t.same(history.last('https', 'proxy01'), [2, 0, 0, 0], 'the first sample is where it counts from');
  set([
    serviceSnapshot({
      waiting: 1,
      backends: [
        backendSnapshot({ active: 5, bytesIn: 4000, bytesOut: 35_000 }),
        backendSnapshot({ node: 'proxy02', active: 1, bytesIn: 9_000_000 }),
      ],
    }),
  ]);
  // Three began and stay, six more came and went; one was turned away before any node.
  for (let i = 0; i < 6; i++) history.sessionEnded(sessionRecord());
  history.sessionEnded(sessionRecord({ node: undefined, end: 'refused' }));
  await clock.advance(SAMPLE_MS);
  t.same(history.last('https', 'proxy01'), [5, 3, 1000, 10_000]);
  t.same(history.last('https', 'proxy02'), [1, 0, 0, 0], 'what was there before it was seen is not counted');
  t.same(history.last('https'), [7, 3.67, 1000, 10_000], 'with those that hold no node');
  t.equal(history.tick, 2);
  history.close();
  t.equal(clock.pending, 0);
});

t.test('the rings are bounded: so many points, so many ends, the newest last', async (t) => {
  const { history, clock, set } = scene([serviceSnapshot()]);
  history.start();
  for (let i = 1; i <= SAMPLES + 50; i++) {
    set([serviceSnapshot({ backends: [backendSnapshot({ active: i })] })]);
    await clock.advance(SAMPLE_MS);
  }
  const points = history.points('https', 'proxy01');
  t.equal(points.length, SAMPLES);
  t.equal(points[0]?.[0], 51);
  t.equal(points.at(-1)?.[0], SAMPLES + 50);
  for (let i = 0; i < RECENT_ENDS + 20; i++) history.sessionEnded(sessionRecord({ session: `s${i}` }));
  t.equal(history.ends.length, RECENT_ENDS);
  t.match(history.ends[0], { number: 21, record: { session: 's20' } });
  t.match(history.ends.at(-1), { number: RECENT_ENDS + 20 });
  history.close();
});

t.test('a service and a node that a reload took away leave nothing behind', async (t) => {
  const two = [backendSnapshot(), backendSnapshot({ node: 'proxy02' })];
  const { history, set } = scene([serviceSnapshot({ backends: two }), serviceSnapshot({ service: 'gone' })]);
  history.sample();
  set([serviceSnapshot()]);
  history.sample();
  t.same(history.points('gone'), []);
  t.same(history.points('https', 'proxy02'), []);
  t.equal(history.points('https', 'proxy01').length, 2);
});

t.test('who listens hears of each sample until it leaves', async (t) => {
  const { history } = scene([]);
  let heard = 0;
  const leave = history.onSample(() => heard++);
  history.sample();
  history.sample();
  leave();
  history.sample();
  t.equal(heard, 2);
  t.same(history.last('nobody'), [0, 0, 0, 0]);
});

t.test('who stands twice, since its former self still has sessions, has one point a sample', async (t) => {
  const { history } = scene([
    serviceSnapshot({ backends: [backendSnapshot({ active: 2 }), backendSnapshot({ active: 3, leaving: true })] }),
  ]);
  history.sample();
  history.sample();
  t.same(
    history.points('https', 'proxy01').map(([sessions]) => sessions),
    [5, 5],
  );
});
