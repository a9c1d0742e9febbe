// How the services stand at one moment, as plain values: what the metrics, the read-only port and `status` show. It owns
// the shape only; the load balancer fills it, and nothing here refers back to what runs.

import type { AdminState } from './backend.ts';
import type { Health } from './health.ts';

/** One backend, those included that a reload removed and whose sessions still run. */
export interface BackendSnapshot {
  readonly node: string;
  /** `ip:port`; undefined: the node's name has not been resolved yet. For a range of ports: the first. */
  readonly address: string | undefined;
  readonly health: Health;
  readonly admin: AdminState;
  /** Sessions that hold it now, those still dialling included. */
  readonly active: number;
  /** Sessions that wait for this backend and no other; those that wait for any stand in `ServiceSnapshot.queued`. */
  readonly queued: number;
  readonly weight: number;
  /** Bytes of all its sessions since the process started, those that run now included: only grows. Client to backend. */
  readonly bytesIn: number;
  /** Backend to client. */
  readonly bytesOut: number;
  /** Why it is down, in words, printable; empty while it is up. */
  readonly reason: string;
  /** What its health check has to say besides: a change under way, held down, kept although slow; mostly empty. */
  readonly note: string;
  /** What probes saw that is no failure, in words, printable: `certificate expired on 2026-01-01`. */
  readonly findings: readonly string[];
  /** Since when its health is what it is: milliseconds since 1970. */
  readonly since: number;
  /** No longer in the file; its sessions still run. Its node may stand here once more, in the file again. */
  readonly leaving: boolean;
}

export interface ServiceSnapshot {
  readonly service: string;
  /** `max_sessions`, as a number. */
  readonly limit: number;
  /** Sessions that hold no backend now: they wait for the client's first bytes, for a turn, or for a pick. */
  readonly waiting: number;
  /** Of those, how many wait in the queue for whichever backend is free first. */
  readonly queued: number;
  /** All its ready backends are down, and it tries them anyway. */
  readonly failingOpen: boolean;
  readonly strategy: string;
  /** The bound addresses, as `192.0.2.1:443`, `[::]:443`, `unix:/path`. */
  readonly listen: readonly string[];
  /** In the order of the file. */
  readonly backends: readonly BackendSnapshot[];
  /** Only of a `pinned` service: its one node. */
  readonly pinned: { readonly node: string; readonly up: boolean } | undefined;
  /** No longer in the file; its sessions still run. One of the same name may stand here once more, in the file again. */
  readonly leaving: boolean;
}

/** Whether new sessions go there by the ordinary rule (failing open aside). */
export function isAvailable(backend: BackendSnapshot): boolean {
  return backend.admin === 'ready' && backend.health === 'up' && backend.address !== undefined && !backend.leaving;
}
