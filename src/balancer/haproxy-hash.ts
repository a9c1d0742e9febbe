// The mapping of HAProxy's `balance source` with its default, map-based hash: which node a client had before the move to
// chargehand. The rule was found by trying it against HAProxy 2.6; a test tries it again wherever one is installed.
// Knows only addresses and the configured nodes, not who is available.

import type { ConfiguredNode } from './balancer.ts';
import type { WordCount } from './client-key.ts';

/**
 * The names of the nodes that clients are dealt out to: `map[h mod map.length]`. Built from all nodes that are no backup,
 * in the order of the file, with the weights divided by their greatest common divisor. For each of as many slots as the
 * weights add up to: every node's score grows by its weight, the node with the greatest ⌊(score + slots) / slots⌋ takes
 * the slot (of equals the first) and pays the number of slots.
 */
export function haproxyMap(specs: readonly ConfiguredNode[]): readonly string[] {
  const nodes = specs.filter((spec) => spec.backup !== true);
  const divisor = nodes.reduce((common, node) => greatestCommonDivisor(common, node.weight), 0);
  const scored = nodes.map((spec) => ({ node: spec.node, weight: spec.weight / divisor, score: 0 }));
  const slots = scored.reduce((sum, entry) => sum + entry.weight, 0);
  const map: string[] = [];
  for (let slot = 0; slot < slots; slot++) {
    let winner: (typeof scored)[number] | undefined;
    let most = 0;
    for (const entry of scored) {
      entry.score += entry.weight;
      const rank = Math.floor((entry.score + slots) / slots);
      if (winner === undefined || rank > most) {
        winner = entry;
        most = rank;
      }
    }
    if (winner === undefined) break;
    winner.score -= slots;
    map.push(winner.node);
  }
  return map;
}

/**
 * What HAProxy makes of a client's address (whole, not masked), an unsigned 32-bit number: IPv4 is itself, IPv6 the
 * exclusive or of its four words. `v4Mapped`: IPv4 clients as a `:::443 v4v6` bind sees them, IPv4-mapped IPv6.
 */
export function haproxyHash(words: Int32Array, count: WordCount, v4Mapped: boolean): number {
  let h = count === 1 && v4Mapped ? 0xffff : 0;
  for (let i = 0; i < count; i++) h ^= words[i] ?? 0;
  return h >>> 0;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
