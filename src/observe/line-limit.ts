// At most so many lines a second for a service, then one line that sums up the rest. It counts and times; what a line
// says is its caller's. Memory: one entry for each service that had such a line in the last second.

import type { Clock, Timer } from '../core/clock.ts';

/** Called when a window ends in which lines were held back: how many, by kind. */
export type SumUp = (service: string, held: ReadonlyMap<string, number>) => void;

interface Window {
  admitted: number;
  readonly held: Map<string, number>;
  readonly timer: Timer;
}

export class LineLimit {
  readonly #perWindow: number;
  readonly #windowMs: number;
  readonly #clock: Clock;
  readonly #sumUp: SumUp;
  readonly #windows = new Map<string, Window>();

  constructor(perWindow: number, windowMs: number, clock: Clock, sumUp: SumUp) {
    this.#perWindow = perWindow;
    this.#windowMs = windowMs;
    this.#clock = clock;
    this.#sumUp = sumUp;
  }

  /** Whether this line may be written; where not, it is counted for the line that sums up. */
  admit(service: string, kind: string): boolean {
    let window = this.#windows.get(service);
    if (window === undefined) {
      const timer = this.#clock.after(this.#windowMs, () => this.#end(service));
      window = { admitted: 0, held: new Map(), timer };
      this.#windows.set(service, window);
    }
    if (window.admitted < this.#perWindow) {
      window.admitted++;
      return true;
    }
    window.held.set(kind, (window.held.get(kind) ?? 0) + 1);
    return false;
  }

  /** Sums up what is held now and stops all timers. */
  close(): void {
    for (const service of [...this.#windows.keys()]) this.#end(service);
  }

  #end(service: string): void {
    const window = this.#windows.get(service);
    if (window === undefined) return;
    window.timer.cancel();
    this.#windows.delete(service);
    if (window.held.size > 0) this.#sumUp(service, window.held);
  }
}
