import t from 'tap';
import { sessionLimit } from '../../src/core/session-limit.ts';

t.test('two descriptors a session, after what everything else needs', async (t) => {
  const needs = { listeners: 9, probes: 27, control: 64, relay: 32 };
  for (const [descriptors, sessions] of [
    [1024, 398],
    [20_000, 9886],
    [230, 1],
    [100, 1],
    [0, 1],
  ] as const) {
    t.equal(sessionLimit(descriptors, needs), sessions, `${descriptors}`);
    if (sessions > 1) t.ok(sessions * 2 + 9 + 27 + 64 + 32 < descriptors, 'and some are left');
  }
});
