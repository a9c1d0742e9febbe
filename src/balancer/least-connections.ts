// The candidate with the fewest sessions for its weight. Ties go round by weight, so that an idle service does not send
// everybody to the first node. Counts nothing itself: the pool does.

import type { Candidate } from '../core/backend.ts';
import type { Balancer } from './balancer.ts';
import { roundRobin } from './round-robin.ts';

export function leastConnections(): Balancer {
  const amongEqual = roundRobin();
  return {
    pick<T extends Candidate>(candidates: readonly T[], client: string | undefined): T | undefined {
      let least = Number.POSITIVE_INFINITY;
      const tied: T[] = [];
      for (const candidate of candidates) {
        // Division rounds 1/3 and 2/6 to the same number, so equal loads are equal here too.
        const load = candidate.active / candidate.weight;
        if (load > least) continue;
        if (load < least) tied.length = 0;
        least = load;
        tied.push(candidate);
      }
      return amongEqual.pick(tied, client);
    },
  };
}
