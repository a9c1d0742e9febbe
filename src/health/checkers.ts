// All health checks of the process: who watches which backend, and one checker for all who ask the same address the same
// thing. Decides nothing about health (judge.ts) and nothing about when (checker.ts).

import type { HealthConfig } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import type { Health } from '../core/health.ts';
import { ask } from './ask.ts';
import { Checker, type CheckerClient } from './checker.ts';
import { createProbe, type ProbeTools, questionKey } from './create-probe.ts';
import { type Flip, Judge, type WatchState } from './judge.ts';
import { credentialStore } from './probes/credentials.ts';
import type { Connect, ProbeResult, ProbeTarget } from './probes/probe.ts';
import { ticks } from './ticks.ts';

export type { Flip, WatchState } from './judge.ts';
export { maySpareSlow } from './judge.ts';

/** Probes that start together start this far apart, so that a thousand of them are no burst. */
const START_SPACING_MS = 2;
/** What is due within so long is asked in one go. */
const TICK_MS = 100;

export interface CheckersOptions {
  /** `connectProbe` of net/. */
  readonly connect: Connect;
  readonly clock: Clock;
  /** From 0 to 1, 1 left out; default Math.random. */
  readonly random?: () => number;
}

export interface WatchOptions {
  readonly health: HealthConfig;
  /** The backend's address and port (`health.port` goes before it); undefined: no address yet, nothing is asked. */
  readonly target: ProbeTarget | undefined;
  /** A PROXY header to send first, for a port that gets one. */
  readonly preamble?: Buffer | undefined;
  /** Until the first probe: `up` at process start, `down` for one added by a reload. */
  readonly initial: Health;
  /** Whether the pool can spare this backend although it is merely slow: `maySpareSlow(total, down)`. */
  mayGoDownSlow(): boolean;
  onFlip(flip: Flip): void;
  /** It stays down, but for another reason than before. */
  onReason?(reason: string, connectFailed: boolean): void;
  /** Every result, those that change nothing too. */
  onProbe?(result: ProbeResult): void;
}

/** One backend's running health check. */
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

export class Checkers {
  readonly #clock: Clock;
  readonly #calmly: Clock['after'];
  readonly #random: () => number;
  readonly #tools: ProbeTools;
  readonly #checkers = new Map<string, Checker>();
  readonly #closing = new Set<Promise<void>>();
  #nextStart = Number.NEGATIVE_INFINITY;

  constructor(options: CheckersOptions) {
    const { connect, clock } = options;
    this.#clock = clock;
    this.#calmly = ticks(clock, TICK_MS);
    this.#random = options.random ?? Math.random;
    this.#tools = { connect, credentials: credentialStore(clock), wall: clock.wall };
  }

  /** How many different questions are asked. */
  get size(): number {
    return this.#checkers.size;
  }

  watch(options: WatchOptions): Watch {
    const judge = new Judge(
      {
        rise: options.health.rise,
        fall: options.health.fall,
        intervalMs: options.health.intervalMs,
        fastIntervalMs: options.health.fastIntervalMs,
        upstream: options.health.upstream,
        initial: options.initial,
        mayGoDownSlow: () => options.mayGoDownSlow(),
        onFlip: (flip) => options.onFlip(flip),
        onReason: (reason, connectFailed) => options.onReason?.(reason, connectFailed),
        onProbe: (result) => options.onProbe?.(result),
      },
      this.#clock,
    );
    const client: CheckerClient = { onResult: (result) => judge.result(result), wants: () => judge.wants() };
    let target = options.target;
    let paused = false;
    let closed = false;
    let leave: (() => void) | undefined;
    let current: Checker | undefined;
    const attach = (): void => {
      leave?.();
      leave = undefined;
      current = undefined;
      if (closed || paused || target === undefined) return;
      const joined = this.#join(options, target, client);
      current = joined.checker;
      leave = joined.leave;
    };
    attach();
    return {
      state: () => judge.state(),
      probeNow: () => current?.probeNow(),
      retarget(next) {
        if (sameTarget(target, next)) return;
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

  /** Asks once, outside of any schedule: a new address before it is used, a node that a reload wants to leave. */
  ask(health: HealthConfig, target: ProbeTarget, preamble?: Buffer): Promise<ProbeResult> {
    const probe = createProbe(health, this.#tools, preamble);
    return ask(probe, place(health, target), health.timeoutMs, this.#clock).result;
  }

  /** Ends all checks; resolves when no probe is open any more. */
  async close(): Promise<void> {
    for (const [key, checker] of this.#checkers) this.#end(key, checker);
    await Promise.all(this.#closing);
  }

  #join(options: WatchOptions, to: ProbeTarget, client: CheckerClient): { checker: Checker; leave: () => void } {
    const { health, preamble } = options;
    const target = place(health, to);
    const key = questionKey(health, target, preamble);
    let checker = this.#checkers.get(key);
    if (checker === undefined) {
      checker = this.#start(health, target, preamble);
      this.#checkers.set(key, checker);
    }
    const joined = checker;
    joined.add(client);
    const leave = (): void => {
      joined.remove(client);
      if (joined.clients === 0 && this.#checkers.get(key) === joined) this.#end(key, joined);
    };
    return { checker: joined, leave };
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

function place(health: HealthConfig, target: ProbeTarget): ProbeTarget {
  return health.port === undefined ? target : { ...target, port: health.port };
}

function sameTarget(a: ProbeTarget | undefined, b: ProbeTarget | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.address === b.address && a.port === b.port && a.from === b.from;
}
