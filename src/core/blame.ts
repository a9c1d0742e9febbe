// Which nodes did clients see fail? A client may say so of a node once in a while, so that no single one can keep a node
// under suspicion. What counts only asks for a probe; nothing here decides.

import type { Clock } from './clock.ts';

/** Clients remembered for a node; more than that in one interval say nothing new. */
const MOST_CLIENTS = 1000;

export class Blame {
  readonly #intervalMs: number;
  readonly #clock: Clock;
  readonly #nodes = new Map<string, { since: number; clients: Set<string> }>();

  constructor(intervalMs: number, clock: Clock) {
    this.#intervalMs = intervalMs;
    this.#clock = clock;
  }

  /** Whether this client's word against this node counts: at most once in an interval. */
  counts(node: string, client: string): boolean {
    const now = this.#clock.now();
    let entry = this.#nodes.get(node);
    if (entry === undefined || now - entry.since >= this.#intervalMs) {
      entry = { since: now, clients: new Set() };
      this.#nodes.set(node, entry);
    }
    if (entry.clients.has(client) || entry.clients.size >= MOST_CLIENTS) return false;
    entry.clients.add(client);
    return true;
  }
}
