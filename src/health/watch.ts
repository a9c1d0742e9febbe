// One backend's running health check, as its service holds it: joined to a checker while there is an address to ask and
// nobody paused it. What a result means is the judge's.

import type { HealthConfig } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import type { CheckerClient } from './checker.ts';
import { Judge, type JudgeOptions, type WatchState } from './judge.ts';
import type { ProbeTarget } from './probes/probe.ts';

export interface WatchOptions extends JudgeOptions {
  readonly health: HealthConfig;
  /** The backend's address and port (`health.port` goes before it); undefined: no address yet, nothing is asked. */
  readonly target: ProbeTarget | undefined;
  /** A PROXY header to send first, for a port that gets one. */
  readonly preamble?: Buffer | undefined;
}

export interface Watch {
  state(): WatchState;
  /** A real session failed: asks for a probe at once (at most one in each fast interval). */
  probeNow(): void;
  /** Another address from now on; the standing stays. */
  retarget(target: ProbeTarget | undefined): void;
  /** `maint`: asks nothing until resumed. After it the next result decides as if it were the first. */
  pause(): void;
  resume(): void;
  /** Nothing is called after this. */
  close(): void;
}

/** A place at a checker. */
export interface Joined {
  probeNow(): void;
  leave(): void;
}

export function openWatch(
  options: WatchOptions,
  clock: Clock,
  join: (target: ProbeTarget, client: CheckerClient) => Joined,
): Watch {
  const judge = new Judge(options, clock);
  const client: CheckerClient = { onResult: (result) => judge.result(result), wants: () => judge.wants() };
  let { target } = options;
  let paused = false;
  let closed = false;
  let joined: Joined | undefined;
  const attach = (): void => {
    joined?.leave();
    joined = closed || paused || target === undefined ? undefined : join(target, client);
  };
  attach();
  return {
    state: () => judge.state(),
    probeNow: () => joined?.probeNow(),
    retarget(next) {
      if (isSame(target, next)) return;
      target = next;
      attach();
    },
    pause() {
      paused = true;
      attach();
    },
    resume() {
      if (!paused) return;
      paused = false;
      judge.forget();
      attach();
    },
    close() {
      closed = true;
      attach();
    },
  };
}

function isSame(a: ProbeTarget | undefined, b: ProbeTarget | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.address === b.address && a.port === b.port && a.from === b.from;
}
