// Two different candidates drawn by weight; the one with fewer sessions for its weight serves. Close to leastconn, but
// several balancers that do not talk never all run to the same idle node. Remembers nothing.

import type { Candidate } from '../core/backend.ts';
import type { Balancer } from './balancer.ts';

/**
 * Source: Mitzenmacher, "The power of two choices in randomized load balancing", IEEE Transactions on Parallel and
 * Distributed Systems 12(10), 2001. `random` gives numbers from 0 up to, not including, 1.
 */
export function randomTwo(random: () => number): Balancer {
  /** Draws by weight, `except` left out; `total` is the weight of those who take part. */
  function draw<T extends Candidate>(candidates: readonly T[], total: number, except: T | undefined): T | undefined {
    let left = random() * total;
    let last: T | undefined;
    for (const candidate of candidates) {
      if (candidate === except) continue;
      last = candidate;
      left -= candidate.weight;
      if (left < 0) break;
    }
    // Rounding may leave a rest after the last one: then it is the last one's.
    return last;
  }

  return {
    pick<T extends Candidate>(candidates: readonly T[]): T | undefined {
      if (candidates.length < 2) return candidates[0];
      let total = 0;
      for (const candidate of candidates) total += candidate.weight;
      const first = draw(candidates, total, undefined);
      if (first === undefined) return undefined;
      const second = draw(candidates, total - first.weight, first);
      if (second === undefined) return first;
      // A tie is the first draw's: then an idle service is shared out by weight.
      return second.active / second.weight < first.active / first.weight ? second : first;
    },
  };
}
