import t from 'tap';
import { type Attempts, mayRetry, type RetryVerdict } from '../../src/core/retry.ts';

const first: Attempts = { retries: 0, redials: 0, tried: 1, left: true };

t.test('who may try again', async (t) => {
  const story: [what: string, attempts: Partial<Attempts>, most: number, pinned: boolean, verdict: RetryVerdict][] = [
    ['a candidate is left', {}, 3, false, 'next'],
    ['the last one that `retries` allows', { retries: 2, tried: 3 }, 3, false, 'next'],
    ['one too many', { retries: 3, tried: 4 }, 3, false, 'no'],
    ['none is allowed', {}, 0, false, 'no'],
    ['all were tried', { retries: 2, tried: 3, left: false }, 3, false, 'no'],
    ['the only one, once more', { left: false }, 3, false, 'again'],
    ['the only one, twice more', { retries: 1, redials: 1, left: false }, 3, false, 'again'],
    ['the only one, a third time', { retries: 2, redials: 2, left: false }, 3, false, 'no'],
    ['the only one, as far as `retries` go', { retries: 1, redials: 1, left: false }, 1, false, 'no'],
    ['the only one, and no retries', { left: false }, 0, false, 'no'],
    ['pinned', { left: false }, 3, true, 'no'],
  ];
  for (const [what, attempts, most, pinned, verdict] of story) {
    t.equal(mayRetry({ ...first, ...attempts }, { most, pinned }), verdict, what);
  }
});
