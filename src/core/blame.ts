// Which nodes did clients see fail? A client may say so of a node once in an interval, so that no single one can keep a
// node under suspicion. What counts only asks for a probe; nothing here decides.

import type { Clock } from './clock.ts';

/** Clients remembered for a node; more than that in one interval say nothing new. */
const MOST_CLIENTS = 1000;

export class Blame {
  /** May change while it counts (a reload). */
  intervalMs: number;
  readonly #clock: Clock;
  /** For each node: when each client's word counted last, in that order. */
  readonly #nodes = new Map<string, Map<string, number>>();

  constructor(intervalMs: number, clock: Clock) {
    this.intervalMs = intervalMs;
    this.#clock = clock;
  }

  /** Other nodes from now on (a reload): what was said of those that left is forgotten. */
  keep(nodes: ReadonlySet<string>): void {
    for (const node of this.#nodes.keys()) if (!nodes.has(node)) this.#nodes.delete(node);
  }

  /** Whether this client's word against this node counts: at most once in an interval. */
  counts(node: string, client: string): boolean {
    let clients = this.#nodes.get(node);
    if (clients === undefined) {
      clients = new Map();
      this.#nodes.set(node, clients);
    }
    const now = this.#clock.now();
    for (const [oldest, at] of clients) {
      if (now - at < this.intervalMs) break;
      clients.delete(oldest);
    }
    if (clients.has(client) || clients.size >= MOST_CLIENTS) return false;
    clients.set(client, now);
    return true;
  }
}
