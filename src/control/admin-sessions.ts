// Running sessions as the admin socket shows them: which ones are asked for, and one as plain values.

import { canonicalAddress, formatHostPort } from '../core/address.ts';
import type { Session } from '../net/session.ts';

/** Each left out: all. */
export interface SessionFilter {
  readonly node?: string;
  readonly service?: string;
  /** The client's address, without a port. */
  readonly client?: string;
  /** Our own address toward the node, `ip:port`: what the node's own log shows. */
  readonly local?: string;
}

/** One running session; names as in its log line. null: not known (yet). */
export interface SessionRow {
  readonly session: string;
  readonly service: string;
  readonly client: string | null;
  readonly peer: string | null;
  readonly node: string | null;
  readonly backend: string | null;
  readonly local: string | null;
  readonly accepted: string;
  readonly age_ms: number;
  readonly phase: string;
  readonly bytes_in: number;
  readonly bytes_out: number;
}

export function matches(session: Session, filter: SessionFilter): boolean {
  const { node, service, client, local } = filter;
  if (node !== undefined && session.backend?.node !== node) return false;
  if (service !== undefined && session.host.config.name !== service) return false;
  if (client !== undefined && session.clientEndpoint?.address !== canonicalAddress(client)) return false;
  return local === undefined || session.facts.local === local;
}

export function sessionRow(session: Session, now: number): SessionRow {
  const { facts, peer, clientEndpoint } = session;
  return {
    session: session.id,
    service: session.host.config.name,
    client: session.clientName === '' ? null : session.clientName,
    peer: clientEndpoint === peer || peer === undefined ? null : formatHostPort(peer.address, peer.port),
    node: facts.backend?.node ?? null,
    backend: facts.address ?? null,
    local: facts.local ?? null,
    accepted: new Date(session.acceptedAt).toISOString(),
    age_ms: Math.max(0, Math.round(now - session.startedAt)),
    phase: session.phase,
    bytes_in: session.bytesIn,
    bytes_out: session.bytesOut,
  };
}
