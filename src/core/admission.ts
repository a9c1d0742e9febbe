// May this client in? `deny`, then `allow`, then its own limits. Pure but for the clock of the rates.

import { type CidrMatcher, cidrMatcher } from './address.ts';
import { type ClientLimits, ClientTable } from './client-table.ts';
import type { Clock } from './clock.ts';

export interface AdmissionRules extends ClientLimits {
  /** CIDR texts; empty: everyone. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

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
  admit(client: string): 'admitted' | 'denied' | 'refused' {
    if (client === '') return 'admitted';
    if (this.#denied?.(client) === true || this.#allowed?.(client) === false) return 'denied';
    return this.#clients?.admit(client) === false ? 'refused' : 'admitted';
  }

  /** The session of an admitted client is over. */
  release(client: string): void {
    if (client !== '') this.#clients?.release(client);
  }
}
