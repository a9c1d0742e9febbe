// All health checks of the process: who watches which backend, and one checker for all who ask the same address the same
// thing. Decides nothing about health (judge.ts) and nothing about when (checker.ts).

import type { HealthConfig } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import { type Asking, ask } from './ask.ts';
import { Checker, type CheckerClient } from './checker.ts';
import { createProbe, type ProbeTools, questionKey } from './create-probe.ts';
import { credentialStore } from './probes/credentials.ts';
import type { Network, ProbeResult, ProbeTarget } from './probes/probe.ts';
import { ticks } from './ticks.ts';
import { type Joined, openWatch, type Watch, type WatchOptions } from './watch.ts';

export { type Flip, maySpareSlow, type WatchState } from './judge.ts';
export type { Watch, WatchOptions } from './watch.ts';

/** Probes that start together start this far apart, so that a thousand of them are no burst. */
const START_SPACING_MS = 2;
/** What is due within so long is asked in one go. */
const TICK_MS = 100;

export interface CheckersOptions {
  /** `probeNetwork` of net/. */
  readonly network: Network;
  readonly clock: Clock;
  /** From 0 to 1, 1 left out; default Math.random. */
  readonly random?: () => number;
}

export class Checkers {
  readonly #clock: Clock;
  readonly #calmly: Clock['after'];
  readonly #random: () => number;
  readonly #tools: ProbeTools;
  readonly #checkers = new Map<string, Checker>();
  readonly #asking = new Set<Asking>();
  readonly #closing = new Set<Promise<void>>();
  #nextStart = Number.NEGATIVE_INFINITY;

  constructor(options: CheckersOptions) {
    const { network, clock } = options;
    this.#clock = clock;
    this.#calmly = ticks(clock, TICK_MS);
    this.#random = options.random ?? Math.random;
    this.#tools = { network, credentials: credentialStore(clock), wall: clock.wall, now: clock.now };
  }

  /** How many different questions are asked. */
  get size(): number {
    return this.#checkers.size;
  }

  watch(options: WatchOptions): Watch {
    return openWatch(options, this.#clock, (target, client) => this.#join(options, target, client));
  }

  /** Asks once, outside of any schedule: a new address before it is used, a node that a reload wants to leave. */
  async ask(health: HealthConfig, target: ProbeTarget, preamble?: Buffer): Promise<ProbeResult> {
    const probe = createProbe(health, this.#tools, headerFor(health, target, preamble));
    const asking = ask(probe, place(health, target), health.timeoutMs, this.#clock);
    this.#asking.add(asking);
    try {
      return await asking.result;
    } finally {
      this.#asking.delete(asking);
    }
  }

  /** Ends all checks and questions; resolves when no probe is open any more. */
  async close(): Promise<void> {
    for (const [key, checker] of this.#checkers) this.#end(key, checker);
    for (const asking of this.#asking) asking.cancel();
    await Promise.all([...this.#closing, ...[...this.#asking].map((asking) => asking.result)]);
  }

  #join(options: WatchOptions, to: ProbeTarget, client: CheckerClient): Joined {
    const { health } = options;
    const target = place(health, to);
    const preamble = headerFor(health, to, options.preamble);
    const key = questionKey(health, target, preamble);
    let checker = this.#checkers.get(key);
    if (checker === undefined) {
      checker = this.#start(health, target, preamble);
      this.#checkers.set(key, checker);
    }
    const joined = checker;
    joined.add(client);
    return {
      probeNow: () => joined.probeNow(),
      leave: () => {
        joined.remove(client);
        if (joined.clients === 0 && this.#checkers.get(key) === joined) this.#end(key, joined);
      },
    };
  }

  #start(health: HealthConfig, target: ProbeTarget, preamble: Buffer | undefined): Checker {
    const clock = this.#clock;
    const calmly = this.#calmly;
    const random = this.#random;
    const now = clock.now();
    const startAt = Math.max(now, this.#nextStart);
    this.#nextStart = startAt + START_SPACING_MS;
    const { timeoutMs, intervalMs, fastIntervalMs } = health;
    const probe = createProbe(health, this.#tools, preamble);
    return new Checker({ probe, target, timeoutMs, intervalMs, fastIntervalMs, clock, calmly, random }, startAt - now);
  }

  #end(key: string, checker: Checker): void {
    this.#checkers.delete(key);
    const closing = checker.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}

/** The PROXY header is for the service's port: another one that is asked instead knows nothing of it. */
function headerFor(health: HealthConfig, to: ProbeTarget, preamble: Buffer | undefined): Buffer | undefined {
  return health.port === undefined || health.port === to.port ? preamble : undefined;
}

function place(health: HealthConfig, target: ProbeTarget): ProbeTarget {
  return health.port === undefined ? target : { ...target, port: health.port };
}
