// Weighted rendezvous hashing: which candidate has the highest score for a client. docs/hash.md defines every bit of it
// and is frozen: two balancers, or two versions of one, that disagree send clients to nodes with other metadata.
// Remembers nothing but the hashes of names.

import type { HashConfig } from '../config/config.ts';
import type { Candidate } from '../core/backend.ts';
import { maskAddress, readAddress } from './client-key.ts';
import { fnvByte, fnvStart, mix64, word64 } from './hash64.ts';
import { nameHashes } from './name-hashes.ts';

export interface Rendezvous {
  /**
   * The candidate with the highest score for this client. With `capacity`, only those count whose next session keeps
   * them at or below ⌈capacity × weight⌉; undefined when none does, or there is none.
   */
  best<T extends Candidate>(candidates: readonly T[], client: string | undefined, capacity?: number): T | undefined;
}

/** u = (the upper 52 bits of the hash + 0.5) / RANGE: a number that a double holds exactly, and never 0 or 1. */
const RANGE = 0x10_0000_0000_0000;
/** Leaves room for rounding. */
const SURELY = 1 - 1e-9;
/** What rounding may add to a product of a bound, a count and a weight. */
const ROUNDING = 1e-9;

export function hasRoom(candidate: Candidate, capacity: number): boolean {
  return candidate.active + 1 <= Math.ceil(capacity * candidate.weight - ROUNDING);
}

/**
 * Sources: Thaler and Ravishankar, "Using name-based mappings to increase hit rates", IEEE/ACM Transactions on Networking
 * 6(1), 1998; the weights: Schindelhauer and Schomaker, "Weighted distributed hash tables", SPAA 2005 (its logarithmic
 * method), in the form −weight / ln(u).
 */
export function rendezvous(prefixes: Pick<HashConfig, 'prefixV4' | 'prefixV6'>): Rendezvous {
  const names = nameHashes();
  const words = new Int32Array(4);
  const key = word64();
  const hash = word64();

  function hashKey(client: string | undefined): void {
    const count = readAddress(client, words);
    maskAddress(words, count, count === 1 ? prefixes.prefixV4 : prefixes.prefixV6);
    fnvStart(key);
    for (let i = 0; i < count; i++) {
      const word = words[i] ?? 0;
      for (let shift = 24; shift >= 0; shift -= 8) fnvByte(key, (word >>> shift) & 0xff);
    }
    mix64(key[0] ?? 0, key[1] ?? 0, key);
  }

  return {
    best<T extends Candidate>(candidates: readonly T[], client: string | undefined, capacity?: number): T | undefined {
      hashKey(client);
      const high = key[0] ?? 0;
      const low = key[1] ?? 0;
      let best: T | undefined;
      let bestTop = 0;
      let bestScore = 0;
      let toBeat = 0;
      let place = -1;
      for (const candidate of candidates) {
        if (capacity !== undefined && !hasRoom(candidate, capacity)) continue;
        place = names.place(candidate.node, place + 1);
        mix64(high ^ (names.high[place] ?? 0), low ^ (names.low[place] ?? 0), hash);
        const top = ((hash[0] ?? 0) >>> 0) * 0x10_0000 + ((hash[1] ?? 0) >>> 12);
        // −ln(u) is at least 1 − u: most of those who lose are seen to without a logarithm.
        if (candidate.weight < (RANGE - top - 0.5) * toBeat) continue;
        const score = -candidate.weight / Math.log((top + 0.5) / RANGE);
        if (
          best === undefined ||
          score > bestScore ||
          (score === bestScore && ranksFirst(candidate, top, best, bestTop))
        ) {
          best = candidate;
          bestTop = top;
          bestScore = score;
          toBeat = (score / RANGE) * SURELY;
        }
      }
      return best;
    },
  };
}

/** Of equal scores: the higher hash; of equal hashes the name that sorts first. So the order of the nodes never counts. */
function ranksFirst(a: Candidate, topA: number, b: Candidate, topB: number): boolean {
  return topA === topB ? a.node < b.node : topA > topB;
}
