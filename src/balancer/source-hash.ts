// `balance: source`: a client keeps its node. By rendezvous, or by HAProxy's map with rendezvous for the clients whose
// node is away; with `bound`, past nodes that hold more than their share. Keeps no table of clients.

import type { HashConfig } from '../config/config.ts';
import type { Candidate } from '../core/backend.ts';
import type { Balancer, ConfiguredNode } from './balancer.ts';
import { readAddress } from './client-key.ts';
import { haproxyHash, haproxyMap } from './haproxy-hash.ts';
import { hasRoom, rendezvous } from './rendezvous.ts';

export function sourceHash(hash: HashConfig, specs: readonly ConfiguredNode[]): Balancer {
  const ranking = rendezvous(hash);
  const map = hash.method === 'haproxy' ? haproxyMap(specs) : [];
  const words = new Int32Array(4);

  /** The node that HAProxy's map gives; a client without an address has none there. */
  function mappedNode(client: string | undefined): string | undefined {
    if (map.length === 0) return undefined;
    const count = readAddress(client, words);
    return count === 0 ? undefined : map[haproxyHash(words, count, hash.v4Mapped) % map.length];
  }

  return {
    pick<T extends Candidate>(candidates: readonly T[], client: string | undefined): T | undefined {
      if (candidates.length < 2) return candidates[0];
      const capacity = hash.bound === undefined ? undefined : capacityPerWeight(candidates, hash.bound);
      const node = mappedNode(client);
      if (node !== undefined) {
        const mapped = candidates.find((candidate) => candidate.node === node);
        if (mapped !== undefined && (capacity === undefined || hasRoom(mapped, capacity))) return mapped;
      }
      return ranking.best(candidates, client, capacity);
    },
  };
}

/**
 * How many sessions a candidate may hold for each unit of its weight, the new session counted: `bound` × its fair share
 * of all of them. Since the bound is at least 1, the capacities together exceed the sessions there are: somebody has room.
 * Source: Mirrokni, Thorup, Zadimoghaddam, "Consistent hashing with bounded loads", SODA 2018 (arXiv 1608.01350).
 */
function capacityPerWeight(candidates: readonly Candidate[], bound: number): number {
  let sessions = 1;
  let weights = 0;
  for (const candidate of candidates) {
    sessions += candidate.active;
    weights += candidate.weight;
  }
  return (bound * sessions) / weights;
}
