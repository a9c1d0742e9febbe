import t from 'tap';
import { type Look, worsened } from '../../chaos/soak-verdict.ts';

const flat = (more: (share: number) => Partial<Look> = () => ({})): readonly Look[] =>
  Array.from({ length: 60 }, (_, i) => ({
    minutes: i,
    residentMb: 90,
    descriptors: 30,
    medianMs: 4,
    p99Ms: 20,
    directMs: 3,
    sessions: 100,
    ...more(i / 59),
  }));

t.test('what stays as it was is told of by nobody', async (t) => {
  t.same(worsened(flat()), []);
  const warm = flat((share) => (share < 0.15 ? { residentMb: 60, p99Ms: 400 } : {}));
  t.same(worsened(warm), [], 'the warm-up does not count');
});

for (const [what, looks] of [
  ['residentMb', flat((share) => ({ residentMb: 90 + 80 * share }))],
  ['descriptors', flat((share) => ({ descriptors: 30 + Math.round(20 * share) }))],
  ['medianMs', flat((share) => ({ medianMs: 4 + 30 * share }))],
  ['p99Ms', flat((share) => ({ p99Ms: 20 + 600 * share }))],
] as const) {
  t.test(`${what} that grows is told`, async (t) => {
    const told = worsened(looks);
    t.equal(told.length, 1);
    t.match(told[0], new RegExp(`^${what}: .* at the end`));
  });
}

t.test('a machine that gets slower is no fault of the program, but excuses no more than that', async (t) => {
  const slowing = (share: number) => ({ directMs: 3 + 6 * share, medianMs: 4 + 8 * share, p99Ms: 20 + 40 * share });
  t.same(worsened(flat(slowing)), []);
  t.match(worsened(flat((share) => ({ ...slowing(share), medianMs: 4 + 60 * Math.max(0, share - 0.5) }))), [
    /^medianMs: /,
  ]);
  t.match(worsened(flat((share) => ({ ...slowing(share), residentMb: 90 + 80 * share }))), [/^residentMb: /]);
});

t.test('a soak that timed nothing is told of', async (t) => {
  t.match(worsened(flat(() => ({ medianMs: 0 }))), ['too few sessions were timed']);
  t.match(worsened(flat(() => ({ directMs: 0 }))), ['too few sessions were timed']);
});
