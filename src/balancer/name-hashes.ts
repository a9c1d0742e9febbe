// The hashes of node names, each worked out once. A pick asks for up to 200 of them, mostly the same in the same order,
// so they are found by their place before they are looked up. Bounded.

import { fnvStart, fnvText, mix64, word64 } from './hash64.ts';

export interface NameHashes {
  /** Where the hash of this name stands in `high` and `low`, until the next call; `guess`: the place to try first. */
  place(node: string, guess: number): number;
  readonly high: readonly number[];
  readonly low: readonly number[];
}

/** Names come and go with reloads: beyond this many all are worked out anew. */
const MOST_REMEMBERED = 4096;

export function nameHashes(): NameHashes {
  const names: string[] = [];
  const high: number[] = [];
  const low: number[] = [];
  const places = new Map<string, number>();
  const hash = word64();

  function find(node: string): number {
    const known = places.get(node);
    if (known !== undefined) return known;
    if (names.length >= MOST_REMEMBERED) {
      names.length = high.length = low.length = 0;
      places.clear();
    }
    fnvStart(hash);
    fnvText(hash, node);
    mix64(hash[0] ?? 0, hash[1] ?? 0, hash);
    places.set(node, names.length);
    high.push(hash[0] ?? 0);
    low.push(hash[1] ?? 0);
    return names.push(node) - 1;
  }

  return {
    place: (node, guess) => (names[guess] === node ? guess : find(node)),
    high,
    low,
  };
}
