// Sessions that wait for a place on a full backend: first come, first served. Some wait for one backend (`source`,
// `pinned`), some for any. Bounded; knows no clock: who waits too long leaves by itself.

import type { Backend } from './pool.ts';

export interface Waiting {
  /** The only backend that will do; undefined: any that may serve it. */
  readonly wanted: Backend | undefined;
  /** Backends that will not do. */
  readonly tried: readonly Backend[];
  /** The place is free and this session is next. */
  proceed(backend: Backend): void;
  /** What it waits for may no longer be there: choose anew. */
  reconsider(): void;
}

export class WaitQueue {
  /** Lower than `length` after a reload: those that wait stay. */
  limit: number;
  /** The most that waited for any backend at once. */
  mostForAny = 0;
  #forAny = 0;
  /** In order of arrival: a Set keeps it and lets anyone leave in one step. */
  readonly #waiting = new Set<Waiting>();

  constructor(limit: number) {
    this.limit = limit;
  }

  get length(): number {
    return this.#waiting.size;
  }

  /** Of those, who waits for whichever backend is free first. */
  get forAny(): number {
    return this.#forAny;
  }

  /** False when the queue is full. */
  join(entry: Waiting): boolean {
    if (this.#waiting.size >= this.limit) return false;
    this.#waiting.add(entry);
    const { wanted } = entry;
    if (wanted === undefined) this.mostForAny = Math.max(this.mostForAny, ++this.#forAny);
    else wanted.mostQueued = Math.max(wanted.mostQueued, ++wanted.queued);
    return true;
  }

  leave(entry: Waiting): void {
    if (!this.#waiting.delete(entry)) return;
    if (entry.wanted === undefined) this.#forAny--;
    else entry.wanted.queued--;
  }

  /** Lets the first that may use `backend` (and wants no other) proceed; false when there is none. */
  admit(backend: Backend, may: (entry: Waiting) => boolean): boolean {
    for (const entry of this.#waiting) {
      if ((entry.wanted !== undefined && entry.wanted !== backend) || !may(entry)) continue;
      this.leave(entry);
      entry.proceed(backend);
      return true;
    }
    return false;
  }

  /**
   * `backend` went down, or is not to be used: lets everyone who waits for it alone, or for any, choose anew. In the order
   * of arrival, so that those who wait on keep their order.
   */
  reconsider(backend: Backend): void {
    for (const entry of [...this.#waiting]) {
      if (entry.wanted === undefined || entry.wanted === backend) entry.reconsider();
    }
  }

  /** The rules are others now: lets everyone choose anew. */
  reconsiderAll(): void {
    for (const entry of [...this.#waiting]) entry.reconsider();
  }
}
