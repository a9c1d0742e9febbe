// Smooth weighted round robin: everybody in turn, by weight, never a heavy node's whole share in one go. Remembers a
// credit for each node *name*, so a candidate that goes or comes moves nobody else's place. Asks nothing of the load.

import type { Candidate } from '../core/backend.ts';
import type { Balancer } from './balancer.ts';

/** Names come and go with reloads. Beyond this many only those that still stand are remembered. */
const MOST_REMEMBERED = 1024;

interface Turn {
  credit: number;
}

/** Credits closer than this are equal: thirds do not add up to exactly one. */
const ROUNDING = 1e-9;

/**
 * Source: nginx, "Upstream: smooth weighted round-robin balancing" (commit 52327e0, 2012), with credits in picks instead
 * of weights: at each pick every candidate earns its share of one pick; the one with the most credit is taken and pays
 * one. Equal credit: the first in the order of the file. Over as many picks as the sum of whole weights, each is taken
 * exactly its weight's times; and where the candidates change from pick to pick, each still gets the sum of its shares.
 */
export function roundRobin(): Balancer {
  const turns = new Map<string, Turn>();

  function turnOf(node: string): Turn {
    let turn = turns.get(node);
    if (turn === undefined) {
      turn = { credit: 0 };
      turns.set(node, turn);
    }
    return turn;
  }

  return {
    pick<T extends Candidate>(candidates: readonly T[]): T | undefined {
      let weights = 0;
      for (const candidate of candidates) weights += candidate.weight;
      let best: T | undefined;
      let bestTurn: Turn | undefined;
      for (const candidate of candidates) {
        const turn = turnOf(candidate.node);
        turn.credit += weights > 0 ? candidate.weight / weights : 1 / candidates.length;
        if (bestTurn === undefined || turn.credit > bestTurn.credit + ROUNDING) {
          best = candidate;
          bestTurn = turn;
        }
      }
      if (bestTurn !== undefined) bestTurn.credit -= 1;
      if (turns.size > MOST_REMEMBERED) forgetAllBut(turns, candidates);
      return best;
    },
  };
}

function forgetAllBut(turns: Map<string, Turn>, candidates: readonly Candidate[]): void {
  const standing = new Set(candidates.map((candidate) => candidate.node));
  for (const node of turns.keys()) if (!standing.has(node)) turns.delete(node);
}
