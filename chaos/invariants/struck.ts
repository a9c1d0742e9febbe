import type { Invariant } from '../account.ts';

/** Of the proof, not of the program: what breaks nothing shows nothing. */
export const STRUCK: Invariant = {
  name: 'struck',
  promise: 'what was to be broken was broken',
  check: ({ windows }) =>
    windows.flatMap(({ fault, missed }) => (missed === undefined ? [] : [`${fault} did not strike: ${missed}`])),
};
