// The deadlines of drained nodes: when what still runs there is ended, all at once or spread over a time so that clients
// don't all come back together. Whether a node is drained is not known here.

import type { Clock, Timer } from '../core/clock.ts';
import type { Session } from '../net/session.ts';

/** What ends sessions one after the other looks this often. */
const STEP_MS = 200;

interface Deadline {
  readonly node: string;
  readonly services: Set<string>;
  /** When it begins and when the last session has ended: milliseconds since 1970. */
  readonly endsAt: number;
  timer: Timer;
}

export class Deadlines {
  readonly #clock: Clock;
  readonly #sessions: () => Iterable<Session>;
  readonly #deadlines = new Set<Deadline>();

  constructor(clock: Clock, sessions: () => Iterable<Session>) {
    this.#clock = clock;
    this.#sessions = sessions;
  }

  /** Ends what runs on `node` in these services after `withinMs`, one after the other over `overMs`. */
  set(node: string, services: readonly string[], withinMs: number, overMs: number): void {
    const deadline: Deadline = {
      node,
      services: new Set(services),
      endsAt: this.#clock.wall() + withinMs + overMs,
      timer: this.#clock.after(withinMs, () => this.#begin(deadline, overMs)),
    };
    this.#deadlines.add(deadline);
  }

  /** These services have another order now. */
  forget(node: string, services: readonly string[]): void {
    for (const deadline of this.#deadlines) {
      if (deadline.node !== node) continue;
      for (const service of services) deadline.services.delete(service);
      if (deadline.services.size === 0) this.#end(deadline);
    }
  }

  /** When the last session of this node has ended; undefined: they end by themselves. */
  endsAt(node: string, service: string): number | undefined {
    for (const deadline of this.#deadlines) {
      if (deadline.node === node && deadline.services.has(service)) return deadline.endsAt;
    }
    return undefined;
  }

  close(): void {
    for (const deadline of this.#deadlines) this.#end(deadline);
  }

  #begin(deadline: Deadline, overMs: number): void {
    const from = this.#clock.now();
    const total = this.#left(deadline).length;
    const step = (): void => {
      const elapsed = this.#clock.now() - from;
      const left = this.#left(deadline);
      // Those that end by themselves meanwhile need not be ended.
      const may = elapsed >= overMs ? 0 : Math.floor(total * (1 - elapsed / overMs));
      for (const session of left.slice(0, Math.max(0, left.length - may))) session.finish('drained', 'proxy');
      if (elapsed >= overMs) this.#end(deadline);
    };
    if (overMs > 0) deadline.timer = this.#clock.every(STEP_MS, step);
    step();
  }

  #left({ node, services }: Deadline): Session[] {
    return [...this.#sessions()].filter(
      (session) => session.backend?.node === node && services.has(session.host.config.name),
    );
  }

  #end(deadline: Deadline): void {
    deadline.timer.cancel();
    this.#deadlines.delete(deadline);
  }
}
