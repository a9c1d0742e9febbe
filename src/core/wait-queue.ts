// Sessions that wait for a place on a full backend: first come, first served. Some wait for one backend (`source`,
// `pinned`), some for any. Bounded; knows no clock: who waits too long leaves by itself.

import type { Backend } from './pool.ts';

export interface Waiting {
  /** Backends that will not do. */
  readonly tried: readonly Backend[];
  /** The place is free and this session is next. */
  proceed(backend: Backend): void;
  /** What it waits for may no longer be there: choose anew. To wait on, it joins again, and keeps its turn. */
  reconsider(): void;
}

export class WaitQueue {
  /** Lower than `length` after a reload: those that wait stay. */
  limit: number;
  /** The most that waited for any backend at once. */
  mostForAny = 0;
  #forAny = 0;
  /**
   * Who waits, and the only backend that will do; undefined: any that may serve it. In order of arrival: a Map keeps that,
   * lets anyone leave in one step, and takes another wish in the same place.
   */
  readonly #waiting = new Map<Waiting, Backend | undefined>();

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

  /** Waits for `wanted`, or for any. Whoever waits already stays where it is; false for a newcomer when the queue is full. */
  join(entry: Waiting, wanted: Backend | undefined): boolean {
    if (this.#waiting.has(entry)) this.#uncount(entry);
    else if (this.#waiting.size >= this.limit) return false;
    this.#waiting.set(entry, wanted);
    if (wanted === undefined) this.mostForAny = Math.max(this.mostForAny, ++this.#forAny);
    else wanted.mostQueued = Math.max(wanted.mostQueued, ++wanted.queued);
    return true;
  }

  leave(entry: Waiting): void {
    if (!this.#waiting.has(entry)) return;
    this.#uncount(entry);
    this.#waiting.delete(entry);
  }

  /** Lets the first that may use `backend` (and wants no other) proceed; false when there is none. */
  admit(backend: Backend, may: (entry: Waiting) => boolean): boolean {
    for (const [entry, wanted] of this.#waiting) {
      if ((wanted !== undefined && wanted !== backend) || !may(entry)) continue;
      this.leave(entry);
      entry.proceed(backend);
      return true;
    }
    return false;
  }

  /** Lets everyone whom it concerns choose anew, in the order of arrival. `wanted` undefined: it waits for any. */
  reconsider(concerns: (entry: Waiting, wanted: Backend | undefined) => boolean): void {
    // What one of them does may end the wait of another.
    for (const [entry, wanted] of [...this.#waiting]) {
      if (this.#waiting.has(entry) && concerns(entry, wanted)) entry.reconsider();
    }
  }

  #uncount(entry: Waiting): void {
    const wanted = this.#waiting.get(entry);
    if (wanted === undefined) this.#forAny--;
    else wanted.queued--;
  }
}
