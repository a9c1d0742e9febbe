// May a session whose dial or handshake failed try again, and how? Pure: the facts in, a verdict out.

export interface Attempts {
  /** Further candidates tried so far. */
  readonly retries: number;
  /** How often the same lone backend was dialled again. */
  readonly redials: number;
  /** Backends tried so far. */
  readonly tried: number;
  /** Whether candidates are left that were not tried. */
  readonly left: boolean;
}

export interface RetryRules {
  /** `retries` of the service. */
  readonly most: number;
  /** `pinned`: refuses at once. */
  readonly pinned: boolean;
}

/** `next`: the next candidate at once. `again`: the only one once more, after `REDIAL_AFTER_MS`. `no`: give up. */
export type RetryVerdict = 'next' | 'again' | 'no';

/** A service whose only node restarts is back in about this time. */
export const REDIAL_AFTER_MS = 1000;
const MOST_REDIALS = 2;

export function mayRetry(attempts: Attempts, rules: RetryRules): RetryVerdict {
  if (rules.pinned) return 'no';
  if (attempts.left) return attempts.retries < rules.most ? 'next' : 'no';
  const redialsLeft = attempts.redials < Math.min(MOST_REDIALS, rules.most);
  return attempts.tried === 1 && redialsLeft ? 'again' : 'no';
}
