// Which deadline of a running relay has passed. Pure: what is known in, an end out.

import type { Timeouts } from '../config/config.ts';
import type { Backend } from '../core/pool.ts';
import type { End } from '../core/session-record.ts';
import type { Relay } from './relay.ts';

/** The end that is due at `now`; undefined: it may go on. */
export function overdue(
  relay: Pick<Relay, 'movedAt' | 'halfClosedBy'>,
  backend: Backend | undefined,
  timeouts: Timeouts,
  now: number,
): End | undefined {
  const stillMs = now - relay.movedAt;
  // A node that is powered off sends no FIN: who is silent there waits for nothing.
  if (backend?.health === 'down' && backend.connectFailed && stillMs >= timeouts.idleDownMs) return 'backend-down';
  if (relay.halfClosedBy !== undefined && stillMs >= timeouts.halfClosedMs) return 'half-closed-timeout';
  return stillMs >= timeouts.idleMs ? 'idle-timeout' : undefined;
}
