// How a service stands, as plain values: for status, the page and the metrics. Looks only.

import type { ServiceConfig } from '../config/config.ts';
import { formatHostPort } from '../core/address.ts';
import type { Backend, Pool } from '../core/pool.ts';
import type { BackendSnapshot, ServiceSnapshot } from '../core/status.ts';

/** Of a backend that only lets its sessions finish. */
const LEFT = 'no longer in the file: its sessions may finish';

export interface ServiceParts {
  readonly config: ServiceConfig;
  readonly pool: Pool;
  /** `max_sessions`, as a number. */
  readonly limit: number;
  /** Sessions, those that wait included; those that wait for a place. */
  readonly sessions: number;
  readonly queued: number;
  readonly bound: readonly { readonly address: string; readonly port: number }[];
  /** What its health check knows of a backend. */
  about(backend: Backend): Pick<BackendSnapshot, 'note' | 'findings'>;
}

export function snapshotOf(parts: ServiceParts): ServiceSnapshot {
  const { config, pool, bound } = parts;
  const { balance } = config;
  const { backends } = pool;
  const held = backends.reduce((sum, backend) => sum + backend.active, 0);
  const pinned = balance.strategy === 'pinned' ? backends.find((b) => b.node === balance.node) : undefined;
  const portOf = (backend: Backend): number => backend.spec.port ?? bound[0]?.port ?? 0;
  return {
    service: config.name,
    limit: parts.limit,
    waiting: Math.max(0, parts.sessions - held),
    queued: parts.queued - backends.reduce((sum, backend) => sum + backend.queued, 0),
    failingOpen: pool.failingOpen,
    strategy: balance.strategy,
    listen: bound.map((b) => b.address),
    backends: backends.map((b) => ({
      node: b.node,
      address: b.address === undefined ? undefined : formatHostPort(b.address, portOf(b)),
      health: b.health,
      admin: b.admin,
      active: b.active,
      queued: b.queued,
      weight: b.spec.weight,
      bytesIn: b.bytesIn,
      bytesOut: b.bytesOut,
      reason: b.reason,
      ...parts.about(b),
      ...(b.removed ? { note: LEFT } : {}),
      since: b.changedAt,
      leaving: b.removed,
    })),
    pinned: pinned === undefined ? undefined : { node: pinned.node, up: pinned.health === 'up' },
    leaving: false,
  };
}
