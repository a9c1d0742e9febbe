// One backend's health as its service wants it judged: takes results, keeps the standing, reports flips. Several watches
// may share one checker. Sends nothing and keeps no timers.

import type { HealthConfig } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import type { Health, Thresholds } from '../core/health.ts';
import type { ProbeResult } from './probes/probe.ts';
import { firstStanding, isChanging, isHeld, isSpared, judge, type Outcome, type Standing } from './verdict.ts';

export interface Flip {
  readonly to: Health;
  /** In words: what failed, or how it came back. */
  readonly reason: string;
  /** It went down since no connection could be made; false: connected, and the answer was wrong or missing. */
  readonly connectFailed: boolean;
  /** It went down by being slow. */
  readonly slow: boolean;
}

export interface JudgeOptions {
  readonly health: Pick<HealthConfig, 'rise' | 'fall' | 'intervalMs' | 'fastIntervalMs' | 'upstream'>;
  /** Until the first probe: `up` at process start, `down` for one added by a reload. */
  readonly initial: Health;
  /** Whether the pool can spare this backend although it is merely slow: `maySpareSlow(total, down)`. */
  mayGoDownSlow(): boolean;
  onFlip(flip: Flip): void;
  /** It stays down, but for another reason than before, or can be connected to again. */
  onReason?(reason: string, connectFailed: boolean): void;
  /** It is slow enough to go down, but its pool can't spare it; or that is over, and it is well. */
  onSpared?(spared: boolean, reason: string): void;
  /** Every result, those that change nothing too. */
  onProbe?(result: ProbeResult): void;
}

export interface WatchState {
  readonly health: Health;
  /** Results in a row that disagree with `health`. */
  readonly streak: number;
  /** Why it is down, held or spared, or what failed last while a change is under way; empty: all is well. */
  readonly reason: string;
  readonly connectFailed: boolean;
  readonly last: ProbeResult | undefined;
  /** When `last` came, milliseconds since 1970. */
  readonly lastAt: number | undefined;
}

/**
 * Whether a pool of `total` backends, `down` of them down already, can spare one that is only slow: at least half must
 * stay, so that overload of one node doesn't knock over the next.
 */
export function maySpareSlow(total: number, down: number): boolean {
  return (down + 1) * 2 <= total;
}

export class Judge {
  readonly #options: JudgeOptions;
  readonly #clock: Clock;
  readonly #thresholds: Thresholds;
  #standing: Standing;
  #failure = '';
  #connectFailed = false;
  #last: ProbeResult | undefined;
  #lastAt: number | undefined;

  constructor(options: JudgeOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#thresholds = options.health;
    this.#standing = firstStanding(options.initial);
  }

  /** Milliseconds from one probe's start to the next one's. */
  wants(): number {
    const { intervalMs, fastIntervalMs } = this.#options.health;
    if (isChanging(this.#standing, this.#thresholds)) return fastIntervalMs;
    if (!isHeld(this.#standing, this.#thresholds)) return intervalMs;
    return Math.min(intervalMs, Math.max(fastIntervalMs, this.#standing.heldUntil - this.#clock.now()));
  }

  result(result: ProbeResult): void {
    this.#last = result;
    this.#lastAt = this.#clock.wall();
    this.#options.onProbe?.(result);
    const outcome = this.#outcome(result);
    if (outcome === undefined) return;
    const before = this.#standing;
    const after = judge(before, outcome, this.#clock.now(), this.#thresholds, () => this.#options.mayGoDownSlow());
    this.#standing = after;
    const { failure, connectFailed } = { failure: this.#failure, connectFailed: this.#connectFailed };
    if (!result.ok) this.#failure = result.reason;
    // Who answers is there to be dialled, held down or not.
    this.#connectFailed = !result.ok && result.stage === 'connect';
    if (before.health !== after.health) this.#flipped(before, outcome);
    else if (after.health === 'up') this.#tellSpared(before);
    else if (failure !== this.#failure || connectFailed !== this.#connectFailed)
      this.#options.onReason?.(this.#failure, this.#connectFailed);
  }

  #tellSpared(before: Standing): void {
    const spared = isSpared(this.#standing, this.#thresholds);
    if (spared !== isSpared(before, this.#thresholds)) this.#options.onSpared?.(spared, this.#failure);
  }

  /** The next result decides as if it were the first: what was known is out of date. */
  forget(): void {
    this.#standing = { ...this.#standing, streak: 0, hard: 0, proven: false, heldUntil: Number.NEGATIVE_INFINITY };
  }

  state(): WatchState {
    const { health, streak } = this.#standing;
    return {
      health,
      streak,
      reason: this.#reason(),
      connectFailed: health === 'down' && this.#connectFailed,
      last: this.#last,
      lastAt: this.#lastAt,
    };
  }

  #outcome(result: ProbeResult): Outcome | undefined {
    // What stands behind the nodes says nothing against this one, nor is there a reason to wait for it.
    if (result.ok || this.#options.health.upstream) return 'good';
    return result.kind === 'ours' ? undefined : result.kind;
  }

  #flipped(before: Standing, outcome: Outcome): void {
    const { health, downs } = this.#standing;
    if (health === 'up') {
      const reason = before.proven ? `${this.#thresholds.rise} good in a row` : 'first probe';
      this.#options.onFlip({ to: 'up', reason, connectFailed: false, slow: false });
      return;
    }
    const held =
      downs.length > 1 ? `; down ${times(downs.length)} in 10 minutes, held for ${this.#holdSeconds()} s` : '';
    const reason = `${this.#failure}${held}`;
    this.#options.onFlip({ to: 'down', reason, connectFailed: this.#connectFailed, slow: outcome === 'slow' });
  }

  #reason(): string {
    const standing = this.#standing;
    if (isSpared(standing, this.#thresholds)) return `slow, but kept: too few others are up; ${this.#failure}`;
    if (isHeld(standing, this.#thresholds))
      return `answers again, held for another ${this.#holdSeconds()} s (down ${times(standing.downs.length)} in 10 minutes); was: ${this.#failure}`;
    return standing.health === 'down' || standing.streak > 0 ? this.#failure : '';
  }

  #holdSeconds(): number {
    return Math.max(0, Math.ceil((this.#standing.heldUntil - this.#clock.now()) / 1000));
  }
}

function times(n: number): string {
  return n === 1 ? '1 time' : `${n} times`;
}
