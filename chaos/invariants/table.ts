// All invariants, and what an account violates.

import type { Account, Invariant, Violation } from '../account.ts';
import { TIMES } from '../services.ts';
import { BLAME } from './blame.ts';
import { BOUNDS } from './bounds.ts';
import { BYTES } from './bytes.ts';
import { CUT } from './cut.ts';
import { GAUGES } from './gauges.ts';
import { CHOICE, NODE } from './node.ts';
import { PROGRAM } from './program.ts';
import { RECORD } from './record.ts';
import { RECOVERY } from './recovery.ts';
import { STRUCK } from './struck.ts';

export const INVARIANTS: readonly Invariant[] = [
  BYTES,
  NODE,
  CHOICE,
  CUT,
  RECORD,
  GAUGES,
  BOUNDS,
  RECOVERY,
  BLAME,
  PROGRAM,
  STRUCK,
];

/** The machine was later itself than the shortest timeout of the file: nobody can say whose fault a timeout was. */
export const LATE_MS = TIMES.connectMs;

export function violations(account: Account): readonly Violation[] {
  const late = account.lateMs > LATE_MS;
  return INVARIANTS.filter(({ timely }) => !(late && timely)).flatMap(({ name, check }) =>
    check(account).map((what) => ({ invariant: name, what })),
  );
}
