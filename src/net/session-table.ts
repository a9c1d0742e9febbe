// All sessions of the process: their number, their ids, and the two sweeps that stand in for a timer each: every 100 ms
// over those that wait for something, every second over those that relay.

import type { Clock, Timer } from '../core/clock.ts';
import type { End } from '../core/session-record.ts';
import type { Session } from './session.ts';

const ESTABLISHING_SWEEP_MS = 100;
const RELAY_SWEEP_MS = 1000;

export class SessionTable {
  /** Sessions that may run at once in the whole process. */
  limit: number;
  readonly #clock: Clock;
  readonly #prefix: string;
  readonly #establishing = new Set<Session>();
  readonly #relaying = new Set<Session>();
  readonly #emptied: (() => void)[] = [];
  #count = 0;
  #fast: Timer | undefined;
  #slow: Timer | undefined;

  constructor(limit: number, clock: Clock) {
    this.limit = limit;
    this.#clock = clock;
    // Two lives of the process don't give the same ids: the time it started, in seconds.
    this.#prefix = Math.floor(clock.wall() / 1000).toString(36);
  }

  get size(): number {
    return this.#establishing.size + this.#relaying.size;
  }

  nextId(): string {
    this.#count++;
    return `${this.#prefix}-${this.#count.toString(36)}`;
  }

  add(session: Session): void {
    this.#establishing.add(session);
    this.#fast ??= this.#clock.every(ESTABLISHING_SWEEP_MS, () => {
      if (this.#establishing.size === 0) this.#restFast();
      else this.#sweep(this.#establishing);
    });
  }

  /** Its relay runs. */
  established(session: Session): void {
    if (!this.#establishing.delete(session)) return;
    this.#relaying.add(session);
    this.#slow ??= this.#clock.every(RELAY_SWEEP_MS, () => {
      if (this.#relaying.size === 0) this.#restSlow();
      else this.#sweep(this.#relaying);
    });
  }

  remove(session: Session): void {
    this.#establishing.delete(session);
    this.#relaying.delete(session);
    if (this.size === 0) for (const resolve of this.#emptied.splice(0)) resolve();
  }

  *[Symbol.iterator](): IterableIterator<Session> {
    yield* this.#establishing;
    yield* this.#relaying;
  }

  /** Brings the byte counts of running sessions up to date. */
  refresh(): void {
    this.#sweep(this.#relaying);
  }

  /** Resolves when no session is left. */
  whenEmpty(): Promise<void> {
    if (this.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#emptied.push(resolve));
  }

  /** Ends every session that `which` says; answers how many had not ended already. */
  endAll(end: End, which: (session: Session) => boolean = () => true): number {
    return [...this].filter((session) => which(session) && session.finish(end, 'proxy')).length;
  }

  /** Stops the sweeps: only for a table whose process or test is over. */
  close(): void {
    this.#restFast();
    this.#restSlow();
  }

  #sweep(sessions: ReadonlySet<Session>): void {
    const now = this.#clock.now();
    for (const session of sessions) session.sweep(now);
  }

  // A sweep over nothing keeps a process awake for nothing; a timer per session would be the cost it is there to save.
  #restFast(): void {
    this.#fast?.cancel();
    this.#fast = undefined;
  }

  #restSlow(): void {
    this.#slow?.cancel();
    this.#slow = undefined;
  }
}
