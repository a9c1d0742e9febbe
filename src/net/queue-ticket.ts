// A session's turn in its service's queue: joins, leaves, and knows how long it has waited in all. A session that comes
// back to the queue goes on with the time it had left. No timer: the session sweeps.

import type { Backend } from '../core/pool.ts';
import type { Waiting } from '../core/wait-queue.ts';
import type { SessionHost } from './session-host.ts';

export interface TicketHolder {
  /** Backends that will not do. */
  readonly tried: readonly Backend[];
  proceed(backend: Backend): void;
  reconsider(): void;
}

export class QueueTicket implements Waiting {
  /** Its place when it joined last, from 1. */
  place = 0;
  /** Milliseconds in the queue, up to the last time it left. */
  waitedMs = 0;
  readonly #host: SessionHost;
  readonly #holder: TicketHolder;
  #joinedAt: number | undefined;

  constructor(host: SessionHost, holder: TicketHolder) {
    this.#host = host;
    this.#holder = holder;
  }

  get tried(): readonly Backend[] {
    return this.#holder.tried;
  }

  /** Waits for `wanted`, or for any; whoever waits already keeps its turn. False: the queue is full. */
  join(wanted: Backend | undefined): boolean {
    if (!this.#host.enqueue(this, wanted)) return false;
    if (this.#joinedAt === undefined) {
      this.#joinedAt = this.#host.clock.now();
      this.place = wanted?.queued ?? this.#host.queue.now;
    }
    return true;
  }

  /** Leaves the queue, or has been let out of it. Milliseconds since it joined. */
  leave(): number {
    if (this.#joinedAt === undefined) return 0;
    this.#host.leaveQueue(this);
    const ms = this.#host.clock.now() - this.#joinedAt;
    this.#joinedAt = undefined;
    this.waitedMs += ms;
    return ms;
  }

  /** Whether `timeouts.queue` is over. */
  isOver(now: number): boolean {
    return this.#joinedAt !== undefined && this.waitedMs + now - this.#joinedAt >= this.#host.config.timeouts.queueMs;
  }

  proceed(backend: Backend): void {
    this.#holder.proceed(backend);
  }

  reconsider(): void {
    this.#holder.reconsider();
  }
}
