// The interface that every strategy implements. A strategy is pure: no sockets, no clock, no health, no node: module.
// It sees only available candidates and answers with one of them.

import type { Candidate } from '../core/backend.ts';

export interface Balancer {
  /**
   * One of `candidates` for this client, or undefined when none of them may serve it (an empty list; `pinned` whose node
   * is not among them). `candidates` are the available backends not yet tried for this session, in the order of the file.
   * Every call is one pick: a strategy with a place in a turn moves on. Bounded by the number of candidates.
   *
   * `client` is the canonical address of the client (`canonicalAddress` in core/address.ts), or undefined for a client on
   * a Unix socket.
   */
  pick<T extends Candidate>(candidates: readonly T[], client: string | undefined): T | undefined;
}

/** A node as the file has it, available or not: what `method: haproxy` builds its map from. A BackendSpec is one. */
export interface ConfiguredNode {
  readonly node: string;
  /** A whole number, at least 1. */
  readonly weight: number;
  readonly backup?: boolean;
}
