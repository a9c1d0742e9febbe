// A run is well only if enough of it could be judged: a machine that is too slow is no excuse.

import t from 'tap';
import { FAULTS } from '../../chaos/faults/table.ts';
import { LATE_MS } from '../../chaos/invariants/table.ts';
import { EVERY_FAULT_IN } from '../../chaos/plan.ts';
import type { Report } from '../../chaos/report.ts';
import { against } from '../../chaos/verdict.ts';

const report = (more: Partial<Report> = {}): Report => ({
  seed: 1,
  kind: 'foreman-current',
  relay: 'native',
  surroundings: '',
  faults: ['kill proxy01'],
  sessions: 152,
  whole: 150,
  ended: { completed: 150 },
  bytes: 1e6,
  mostResident: 90e6,
  lateMs: 200,
  violations: [],
  ...more,
});
const late = report({ lateMs: LATE_MS + 1 });

t.test('episodes on a machine that was in time, none violated', async (t) => {
  t.same(against([report(), report(), report()]), []);
  t.same(against([report(), report({ lateMs: LATE_MS }), late]), [], 'one of three may be late');
});

t.test('a violation fails it, and so does an episode that says nothing', async (t) => {
  const violated = report({ violations: [{ invariant: 'bytes', what: 'other bytes' }] });
  t.match(against([report(), violated, report()]), ['1 violations']);
  t.match(against([report(), undefined, report()]), ['1 episodes without a report']);
});

t.test('so does one of which too little could be judged, or nothing', async (t) => {
  t.match(against([report(), late]), ['only 1 of 2 episodes could be judged']);
  t.match(against([late]), ['only 0 of 1 episodes']);
  t.match(against([]), ['only 0 of 0 episodes']);
});

t.test('so does one that was long enough for every kind of fault, and in which one never struck', async (t) => {
  const [one = '', ...others] = Object.keys(FAULTS);
  const all = report({ faults: others.map((name) => `${name} proxy02`) });
  const episodes = Array.from({ length: EVERY_FAULT_IN - 1 }, () => all);
  t.same(against(episodes), [], 'a shorter one is not held to it');
  t.match(against([...episodes, all]), [`faults that did not strike in ${EVERY_FAULT_IN} episodes: ${one}`]);
  t.same(against([...episodes, report({ faults: [one] })]), []);
});
