// "Did you mean …?": the word of a list that a mistyped word is nearest to. No guess is better than a far one.

import leven from 'leven';

const LONGEST_WORD = 64;

/** The nearest candidate, or undefined where none is near. Case, `-` and `_` are no difference. */
export function near(word: string, candidates: Iterable<string>): string | undefined {
  if (word === '' || word.length > LONGEST_WORD) return undefined;
  const folded = fold(word);
  const allowed = folded.length <= 2 ? 0 : folded.length <= 4 ? 1 : folded.length <= 7 ? 2 : 3;
  let best: string | undefined;
  let bestDistance = allowed + 1;
  for (const candidate of candidates) {
    const other = fold(candidate);
    const distance = isAnagram(folded, other) ? 1 : leven(folded, other, { maxDistance: bestDistance });
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** ` (did you mean "x"?)`, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const guess = near(word, candidates);
  return guess === undefined ? '' : ` (did you mean "${guess}"?)`;
}

/** Letters in another order are one slip of the fingers, but two steps of an edit distance. */
function isAnagram(a: string, b: string): boolean {
  return a !== b && a.length === b.length && [...a].sort().join('') === [...b].sort().join('');
}

function fold(word: string): string {
  return word.toLowerCase().replaceAll(/[-_]/g, '');
}
