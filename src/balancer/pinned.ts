// One node and never another: two nodes that both sign certificates ruin the CA. Refuses everybody else, whatever happens.

import type { Balancer } from './balancer.ts';

export function pinned(node: string): Balancer {
  return {
    pick(candidates) {
      return candidates.find((candidate) => candidate.node === node);
    },
  };
}
