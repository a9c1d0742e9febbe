// May this client in? `deny`, then `allow`, then its own limits. Pure but for the clock of the rates.

import { type CidrMatcher, cidrMatcher } from './address.ts';
import { type ClientCount, type ClientLimits, ClientTable } from './client-table.ts';
import type { Clock } from './clock.ts';

export interface AdmissionRules extends ClientLimits {
  /** CIDR texts; empty: everyone. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

/** What an admitted session is counted in; `uncounted`: no limit of its client was in effect when it came. */
export type Counted = ClientCount | 'uncounted';

export class Admission {
  readonly #clock: Clock;
  #denied: CidrMatcher | undefined;
  #allowed: CidrMatcher | undefined;
  #clients: ClientTable | undefined;

  constructor(rules: AdmissionRules, clock: Clock) {
    this.#clock = clock;
    this.update(rules);
  }

  /** Other rules from now on. Who is in stays in, and goes on counting; limits that are new count from now on. */
  update(rules: AdmissionRules): void {
    this.#denied = rules.deny.length > 0 ? cidrMatcher(rules.deny) : undefined;
    this.#allowed = rules.allow.length > 0 ? cidrMatcher(rules.allow) : undefined;
    if (rules.maxSessions === undefined && rules.rate === undefined) this.#clients = undefined;
    else if (this.#clients === undefined) this.#clients = new ClientTable(rules, this.#clock);
    else this.#clients.update(rules);
  }

  /** `client` empty: a Unix socket, which no address rule and no limit concerns. */
  admit(client: string): Counted | 'denied' | 'refused' {
    if (client === '') return 'uncounted';
    if (this.#denied?.(client) === true || this.#allowed?.(client) === false) return 'denied';
    return this.#clients === undefined ? 'uncounted' : (this.#clients.admit(client) ?? 'refused');
  }

  /** An admitted session is over. It gives back what it was counted in, and nothing of a limit that came after it. */
  release(counted: Counted): void {
    if (counted !== 'uncounted') this.#clients?.release(counted);
  }
}
