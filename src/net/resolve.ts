// The addresses of the nodes' names. A node has one address: the lowest of the preferred family (IPv4 before IPv6), kept
// as long as it is among the answers; an error or an empty answer keeps the last one. Names in /etc/hosts are looked up
// every 30 s, others by DNS with their TTL. What a new address is used for is the listener's business; how a name is
// looked up is lookup.ts's.

import ipaddr from 'ipaddr.js';
import { isAddress } from '../core/address.ts';
import type { Clock, Timer } from '../core/clock.ts';
import { type Lookup, systemLookup } from './lookup.ts';

export interface ResolverOptions {
  readonly clock: Clock;
  readonly lookup?: Lookup;
  /** Every answer that names an address, and every failure (`address` is then the last good one). */
  onAddress(host: string, address: string | undefined, failure: string): void;
}

const ASK_AGAIN_MS = 30_000;
const LEAST_TTL_MS = 5_000;
const MOST_TTL_MS = 300_000;
/** getaddrinfo takes a thread of Node's pool: two at a time leave the others free. */
const AT_ONCE = 2;

export class Resolver {
  readonly #options: ResolverOptions;
  readonly #lookup: Lookup;
  readonly #current = new Map<string, string | undefined>();
  readonly #timers = new Map<string, Timer>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #closed = false;

  constructor(options: ResolverOptions) {
    this.#options = options;
    this.#lookup = options.lookup ?? systemLookup();
  }

  /** Follows these names or addresses and no others; resolves when each that is new has been asked for once. */
  async follow(hosts: readonly string[]): Promise<void> {
    const wanted = new Set(hosts);
    for (const host of this.#current.keys()) if (!wanted.has(host)) this.#forget(host);
    await Promise.all([...wanted].map((host) => this.#first(host)));
  }

  /** The last good address of a name that is followed. */
  address(host: string): string | undefined {
    return this.#current.get(host);
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#lookup.close();
  }

  #forget(host: string): void {
    this.#current.delete(host);
    this.#timers.get(host)?.cancel();
    this.#timers.delete(host);
  }

  #first(host: string): Promise<void> | undefined {
    if (this.#current.has(host)) return undefined;
    this.#current.set(host, isAddress(host) ? host : undefined);
    if (!isAddress(host)) return this.#ask(host);
    this.#options.onAddress(host, host, '');
    return undefined;
  }

  async #ask(host: string): Promise<void> {
    await this.#turn();
    let nextMs = ASK_AGAIN_MS;
    try {
      if (this.#closed || !this.#current.has(host)) return;
      const answer = await this.#lookup.ask(host);
      nextMs = Math.min(MOST_TTL_MS, Math.max(LEAST_TTL_MS, answer.ttlMs));
      this.#answered(host, answer.addresses, answer.partial === true);
    } catch (error) {
      this.#failed(host, error instanceof Error && 'code' in error ? String(error.code) : String(error));
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
    if (this.#closed || !this.#current.has(host)) return;
    // Forgotten and followed again while it was asked for: one round of questions is enough.
    this.#timers.get(host)?.cancel();
    this.#timers.set(
      host,
      this.#options.clock.after(nextMs, () => void this.#ask(host)),
    );
  }

  #turn(): Promise<void> | undefined {
    this.#running++;
    if (this.#running <= AT_ONCE) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #answered(host: string, addresses: readonly string[], partial: boolean): void {
    if (this.#closed || !this.#current.has(host)) return;
    const last = this.#current.get(host);
    // Half an answer takes no address away: it may be in the half that is missing.
    const address = partial && last !== undefined ? last : chooseAddress(addresses, last);
    if (address === undefined) {
      this.#failed(host, 'no address');
      return;
    }
    this.#current.set(host, address);
    this.#options.onAddress(host, address, '');
  }

  #failed(host: string, failure: string): void {
    if (!this.#closed && this.#current.has(host)) this.#options.onAddress(host, this.#current.get(host), failure);
  }
}

/** The last address while it is among them; else the lowest, IPv4 before IPv6. */
export function chooseAddress(addresses: readonly string[], last: string | undefined): string | undefined {
  if (last !== undefined && addresses.includes(last)) return last;
  const parsed = addresses.filter((text) => ipaddr.isValid(text)).map((text) => ({ text, ip: ipaddr.parse(text) }));
  parsed.sort((a, b) => a.ip.kind().localeCompare(b.ip.kind()) || compareBytes(a.ip, b.ip));
  return parsed[0]?.text;
}

function compareBytes(a: ipaddr.IPv4 | ipaddr.IPv6, b: ipaddr.IPv4 | ipaddr.IPv6): number {
  const [x, y] = [a.toByteArray(), b.toByteArray()];
  for (const [i, byte] of x.entries()) if (byte !== y[i]) return byte - (y[i] ?? 0);
  return 0;
}
