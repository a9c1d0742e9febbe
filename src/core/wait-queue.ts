// Sessions that wait for a place on a full backend: first come, first served. Some wait for one backend (`source`,
// `pinned`), some for any. Bounded; knows no clock: who waits too long leaves by itself.

import type { Backend } from './pool.ts';

export interface Waiting {
  /** The only backend that will do; undefined: any that is not in `tried`. */
  readonly wanted: Backend | undefined;
  readonly tried: readonly Backend[];
  /** The place is free and this session is next. */
  proceed(backend: Backend): void;
  /** What it waits for may no longer be there: choose anew. */
  reconsider(): void;
}

export class WaitQueue {
  readonly #limit: number;
  /** In order of arrival: a Set keeps it and lets anyone leave in one step. */
  readonly #waiting = new Set<Waiting>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#waiting.size;
  }

  /** False when the queue is full. */
  join(entry: Waiting): boolean {
    if (this.#waiting.size >= this.#limit) return false;
    this.#waiting.add(entry);
    if (entry.wanted !== undefined) entry.wanted.queued++;
    return true;
  }

  leave(entry: Waiting): void {
    if (this.#waiting.delete(entry) && entry.wanted !== undefined) entry.wanted.queued--;
  }

  /** Lets the first that may use `backend` proceed; false when there is none. */
  admit(backend: Backend): boolean {
    for (const entry of this.#waiting) {
      const fits = entry.wanted === undefined ? !entry.tried.includes(backend) : entry.wanted === backend;
      if (!fits) continue;
      this.leave(entry);
      entry.proceed(backend);
      return true;
    }
    return false;
  }

  /** Lets everyone who waits for `backend` alone choose anew: it went down, or is not to be used. */
  reconsider(backend: Backend): void {
    for (const entry of [...this.#waiting]) if (entry.wanted === backend) entry.reconsider();
  }
}
