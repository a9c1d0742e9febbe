import t from 'tap';
import { Blame } from '../../src/core/blame.ts';
import { manualClock } from '../fixtures/manual-clock.ts';

t.test('each client once in an interval, for each node', async (t) => {
  const clock = manualClock();
  const blame = new Blame(5000, clock);
  t.ok(blame.counts('n1', 'a'));
  await clock.advance(4000);
  t.notOk(blame.counts('n1', 'a'));
  t.ok(blame.counts('n2', 'a'), 'another node');
  t.ok(blame.counts('n1', 'b'), 'another client');
  await clock.advance(1000);
  t.ok(blame.counts('n1', 'a'), 'five seconds after its last word');
  t.notOk(blame.counts('n1', 'b'), 'one second after its last word');
  await clock.advance(4000);
  t.ok(blame.counts('n1', 'b'));
});

t.test('a thousand clients in an interval, not more', async (t) => {
  const clock = manualClock();
  const blame = new Blame(5000, clock);
  const counted = (from: number) => Array.from({ length: 2000 }, (_, i) => blame.counts('n', `${from + i}`));
  t.equal(counted(0).filter((counts) => counts).length, 1000);
  await clock.advance(5000);
  t.equal(counted(10_000).filter((counts) => counts).length, 1000, 'then others');
});

t.test('a node that a reload takes away and brings back is another one', async (t) => {
  const blame = new Blame(5000, manualClock());
  for (const node of ['n1', 'n2']) t.ok(blame.counts(node, 'a'));
  blame.keep(new Set(['n2', 'n3']));
  t.ok(blame.counts('n1', 'a'), 'what was said of the former is forgotten');
  t.notOk(blame.counts('n2', 'a'));
});

t.test('without health checks there is no interval', async (t) => {
  const blame = new Blame(0, manualClock());
  t.ok(blame.counts('n', 'a'));
  t.ok(blame.counts('n', 'a'));
});
