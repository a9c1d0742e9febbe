// How many sessions each client has and how fast it comes, for max_sessions_per_client and rate_per_client. Holds at
// most 100,000 clients; who was seen longest ago goes first. IPv6 clients count by /64: one host has all of it.

import ipaddr from 'ipaddr.js';
import type { Clock } from './clock.ts';

export interface ClientLimits {
  readonly maxSessions: number | undefined;
  readonly rate: { readonly perSecond: number; readonly burst: number } | undefined;
}

/** One client's count. Each session keeps the one it was counted in: the client may have another by the time it ends. */
export interface ClientCount {
  readonly client: string;
  active: number;
  /** Undefined until a rate is in effect, which begins with its burst. */
  tokens: number | undefined;
  refilledAt: number;
}

const MOST_CLIENTS = 100_000;

export class ClientTable {
  #limits: ClientLimits;
  readonly #clock: Clock;
  readonly #most: number;
  /** Least recently seen first: an entry that is touched moves to the end. */
  readonly #entries = new Map<string, ClientCount>();

  constructor(limits: ClientLimits, clock: Clock, most = MOST_CLIENTS) {
    this.#limits = limits;
    this.#clock = clock;
    this.#most = most;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Other limits from now on (a reload): the sessions it counts stay counted. */
  update(limits: ClientLimits): void {
    const before = this.#limits;
    this.#limits = limits;
    if (before.rate === undefined || limits.rate !== undefined) return;
    for (const [key, entry] of this.#entries) {
      entry.tokens = undefined;
      if (entry.active === 0) this.#entries.delete(key);
    }
  }

  /** Counts one more session of this client; undefined: it may not come in. What it gets is given back to `release`, once. */
  admit(client: string): ClientCount | undefined {
    const key = clientKey(client);
    const now = this.#clock.now();
    const { maxSessions, rate } = this.#limits;
    const entry = this.#entries.get(key) ?? { client: key, active: 0, tokens: undefined, refilledAt: now };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > this.#most) this.#forgetOldest();
    if (rate !== undefined) {
      const refilled = ((now - entry.refilledAt) / 1000) * rate.perSecond;
      entry.tokens = entry.tokens === undefined ? rate.burst : Math.min(rate.burst, entry.tokens + refilled);
      entry.refilledAt = now;
      if (entry.tokens < 1) return undefined;
    }
    if (maxSessions !== undefined && entry.active >= maxSessions) return undefined;
    if (entry.tokens !== undefined) entry.tokens -= 1;
    entry.active++;
    return entry;
  }

  release(count: ClientCount): void {
    count.active--;
    // Without a rate there is nothing to remember of a client that has left.
    if (count.active > 0 || this.#limits.rate !== undefined) return;
    if (this.#entries.get(count.client) === count) this.#entries.delete(count.client);
  }

  #forgetOldest(): void {
    for (const key of this.#entries.keys()) {
      this.#entries.delete(key);
      return;
    }
  }
}

function clientKey(client: string): string {
  if (!client.includes(':') || !ipaddr.IPv6.isValid(client)) return client;
  return ipaddr.IPv6.networkAddressFromCIDR(`${client}/64`).toString();
}
