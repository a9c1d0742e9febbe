import type { Account, Invariant } from '../account.ts';

/** The program itself goes on, says nothing on stderr, loses no line, and ends when it is asked to. */
export const PROGRAM: Invariant = {
  name: 'program',
  promise: 'the program lives, has no fault of its own to report, tears no line of its log, and ends when asked to',
  check: (account) => [
    ...account.exits.filter(({ wanted }) => !wanted).map(({ how }) => `the program ended: ${how}`),
    ...account.complaints.filter(({ at }) => !expected(account, at)).map(({ text }) => `it said: ${text}`),
    ...account.tornLines.map((text) => `a torn line: ${text.slice(0, 200)}`),
    ...(account.linesDropped > 0 && !account.plan.surroundings.smallDisk ? [`${account.linesDropped} lines lost`] : []),
  ],
};

function expected({ windows }: Account, at: number): boolean {
  return windows.some(({ fault, from, to }) => fault === 'no-descriptors' && at >= from && at <= to + 1000);
}
