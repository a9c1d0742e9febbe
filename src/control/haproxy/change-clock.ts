// Since when something is as it is, and how long it was down in all. Seconds, as HAProxy shows them.

import type { Clock } from '../../core/clock.ts';

export class ChangeClock {
  /** From up to down. */
  downs = 0;
  readonly #clock: Clock;
  #down = false;
  #changedAt: number;
  #downMs = 0;

  constructor(clock: Clock, down: boolean) {
    this.#clock = clock;
    this.#changedAt = clock.now();
    this.#down = down;
  }

  /** How it stands now; `changed`: something else about it has changed, which counts as a change too. */
  set(down: boolean, changed = false): void {
    if (down === this.#down && !changed) return;
    const now = this.#clock.now();
    if (this.#down) this.#downMs += now - this.#changedAt;
    if (down && !this.#down) this.downs++;
    this.#down = down;
    this.#changedAt = now;
  }

  get sinceSeconds(): number {
    return Math.floor((this.#clock.now() - this.#changedAt) / 1000);
  }

  get downSeconds(): number {
    const current = this.#down ? this.#clock.now() - this.#changedAt : 0;
    return Math.floor((this.#downMs + current) / 1000);
  }
}
