// The schedule of one question to one address: first at once, then every interval with jitter, faster while somebody's
// health is changing, never two at a time. Knows neither services nor health: its clients judge the results and say how
// soon they want the next one.

import type { Clock, Timer } from '../core/clock.ts';
import { type Asking, ask } from './ask.ts';
import type { Probe, ProbeResult, ProbeTarget } from './probes/probe.ts';

export interface CheckerClient {
  readonly onResult: (result: ProbeResult) => void;
  /** Milliseconds from one probe's start to the next one's, as this client needs it now. */
  readonly wants: () => number;
}

export interface CheckerOptions {
  readonly probe: Probe;
  readonly target: ProbeTarget;
  readonly timeoutMs: number;
  readonly intervalMs: number;
  /** The least time between two probes' starts, also for those that are asked for. */
  readonly fastIntervalMs: number;
  readonly clock: Clock;
  /** For the calm gaps between probes; it may be a little late. */
  readonly calmly: Clock['after'];
  /** From 0 to 1, 1 left out. */
  readonly random: () => number;
}

/** Each gap is longer or shorter by up to this part of it. */
const JITTER = 0.1;

export class Checker {
  readonly #options: CheckerOptions;
  readonly #clients = new Set<CheckerClient>();
  #timer: Timer | undefined;
  #timerAt = 0;
  #running: Asking | undefined;
  #startedAt = Number.NEGATIVE_INFINITY;
  #asked = 0;
  /** Somebody asked for a probe while one was running, which may have begun too early to see what they saw. */
  #again = false;
  #closed = false;

  constructor(options: CheckerOptions, startDelayMs: number) {
    this.#options = options;
    this.#wake(startDelayMs, options.calmly);
  }

  get clients(): number {
    return this.#clients.size;
  }

  add(client: CheckerClient): void {
    this.#clients.add(client);
    // Whoever comes later hears of a running first probe, or gets one of its own soon.
    if (this.#running === undefined && this.#asked > 0) this.probeNow();
  }

  remove(client: CheckerClient): void {
    this.#clients.delete(client);
  }

  /** Brings the next probe forward: at once, or as soon as the fast interval allows. */
  probeNow(): void {
    if (this.#closed) return;
    if (this.#running !== undefined) {
      this.#again = true;
      return;
    }
    const { clock, fastIntervalMs } = this.#options;
    const at = Math.max(clock.now(), this.#startedAt + fastIntervalMs);
    if (this.#timer === undefined || at < this.#timerAt) this.#wake(at - clock.now(), clock.after);
  }

  /** Resolves when a running probe has closed its socket. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#clients.clear();
    this.#running?.cancel();
    await this.#running?.result;
  }

  #wake(delayMs: number, after: Clock['after']): void {
    this.#timer?.cancel();
    this.#timerAt = this.#options.clock.now() + delayMs;
    this.#timer = after(delayMs, () => {
      this.#timer = undefined;
      void this.#probe();
    });
  }

  async #probe(): Promise<void> {
    const { probe, target, timeoutMs, clock } = this.#options;
    this.#startedAt = clock.now();
    this.#asked += 1;
    this.#again = false;
    this.#running = ask(probe, target, timeoutMs, clock);
    const result = await this.#running.result;
    this.#running = undefined;
    if (this.#closed) return;
    for (const client of [...this.#clients]) if (this.#clients.has(client)) client.onResult(result);
    if (this.#closed) return;
    this.#next();
  }

  #next(): void {
    const { intervalMs, fastIntervalMs, clock, calmly, random } = this.#options;
    let gap = this.#again ? fastIntervalMs : intervalMs;
    for (const client of this.#clients) gap = Math.min(gap, client.wants());
    const calm = gap === intervalMs;
    // The second probe of many that started together falls anywhere in the interval, so they part at once.
    const spread = calm && this.#asked === 1 ? random() : 1 + JITTER * (2 * random() - 1);
    const at = this.#startedAt + Math.max(fastIntervalMs, gap * spread);
    this.#wake(Math.max(0, at - clock.now()), calm ? calmly : clock.after);
  }
}
