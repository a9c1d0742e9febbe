import type { Account, FlipSeen, Invariant } from '../account.ts';
import { groupBy } from '../group.ts';
import { TIMES } from '../services.ts';

/** After that the next probe must have come, and as many good ones as it takes. */
const ASKED_AGAIN_MS = TIMES.intervalMs + (TIMES.rise + 1) * (TIMES.probeTimeoutMs / 2) + 3000;
/** Beyond `establish`: one look of the sweep, and a machine that is busy. */
const LATE_MS = 3000;
const MOST_HOLD_MS = 300_000;

/** Recovery within the documented time. */
export const RECOVERY: Invariant = {
  name: 'recovery',
  timely: true,
  promise:
    'a node that is well again is used again when its hold ends, and no session looks for a node for longer than `establish`',
  check: (account) => [...staysDown(account), ...looksTooLong(account)],
};

function staysDown(account: Account): string[] {
  const lives = account.windows.filter(({ fault }) => fault === 'crash' || fault === 'upgrade').map(({ to }) => to);
  const began = Math.max(0, ...lives);
  const flips = groupBy(
    account.flips.filter(({ at }) => at >= began),
    ({ service, node }) => `${service} on ${node}`,
  );
  return [...flips].flatMap(([backend, all]) => all.flatMap((flip, i) => lateness(account, backend, all, flip, i)));
}

function lateness(account: Account, backend: string, all: readonly FlipSeen[], flip: FlipSeen, i: number): string[] {
  if (flip.to === 'up') return [];
  const downs = all.slice(0, i + 1).filter(({ to }) => to === 'down').length;
  const hold = Math.min(MOST_HOLD_MS, TIMES.firstHoldMs * 2 ** (downs - 1));
  const up = all.slice(i + 1).find(({ to }) => to === 'up')?.at ?? account.endedAt;
  const ill = account.windows.filter(
    ({ node, fault, from }) => (node === flip.node || fault === 'stall') && from <= up,
  );
  const due = Math.max(flip.at + hold, ...ill.map(({ to }) => to)) + ASKED_AGAIN_MS + 2 * account.lateMs;
  return up > due ? [`${backend} was down ${Math.round((up - due) / 100) / 10} s longer than it might be`] : [];
}

function looksTooLong({ records, lateMs }: Account): string[] {
  return records
    .filter(({ dialMs }) => dialMs > TIMES.establishMs + LATE_MS + 2 * lateMs)
    .map(({ session, service, dialMs }) => `session ${session} of ${service} looked for a node for ${dialMs} ms`);
}
