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
  readonly #denied: CidrMatcher | undefined;
  readonly #allowed: CidrMatcher | undefined;
  readonly #clients: ClientTable | undefined;

  constructor(rules: AdmissionRules, clock: Clock) {
    this.#denied = rules.deny.length > 0 ? cidrMatcher(rules.deny) : undefined;
    this.#allowed = rules.allow.length > 0 ? cidrMatcher(rules.allow) : undefined;
    const limited = rules.maxSessions !== undefined || rules.rate !== undefined;
    this.#clients = limited ? new ClientTable(rules, clock) : undefined;
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
