// What HAProxy's face shows of a service, as an interface: the load balancer's services fit it. Types only.

import type { ServiceConfig } from '../../config/config.ts';
import type { Backend } from '../../core/pool.ts';

export interface ShownService {
  readonly name: string;
  readonly config: ServiceConfig;
  readonly pool: { readonly backends: readonly Backend[]; readonly available: boolean };
  /** Sessions now, at most so many. */
  readonly size: number;
  readonly limit: number;
  /** Who waits for whichever backend is free first. */
  readonly queue: { readonly now: number; readonly most: number };
  readonly traffic: {
    readonly accepted: number;
    readonly mostSessions: number;
    readonly admitted: { readonly total: number; readonly now: number; readonly most: number };
  };
  readonly bound: readonly { readonly address: string; readonly port: number }[];
}

/** In the order of the file, those left out that a reload removed. */
export function serversOf(service: ShownService): readonly Backend[] {
  return service.pool.backends.filter((backend) => !backend.removed);
}

/** Whether new sessions go there by the ordinary rule. HAProxy knows no failing open: to it such a service is down. */
export function isUsable(backend: Backend): boolean {
  return backend.admin === 'ready' && backend.health === 'up' && backend.address !== undefined;
}

export function hasUsable(service: ShownService): boolean {
  return serversOf(service).some(isUsable);
}
