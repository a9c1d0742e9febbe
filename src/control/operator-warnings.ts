// What follows from taking a node out that one may not have meant. Words only; nothing is refused here.

import type { Config, ServiceConfig } from '../config/config.ts';
import type { AdminState } from '../core/backend.ts';
import type { Pool } from '../core/pool.ts';

interface Touched {
  readonly name: string;
  readonly config: ServiceConfig;
  readonly pool: Pool;
}

/** Asked once the node is in its new state. */
export function warningsFor(
  node: string,
  state: AdminState | undefined,
  services: readonly Touched[],
  config: Config,
): readonly string[] {
  if (state === undefined || state === 'ready') return [];
  return services.flatMap((service) => {
    const { balance } = service.config;
    if (balance.strategy === 'pinned') {
      if (balance.node !== node) return [];
      return [node === config.caNode ? caWarning(service.name, node) : pinnedWarning(service.name, node)];
    }
    const ready = service.pool.backends.filter((b) => b.admin === 'ready' && !b.removed);
    if (ready.length === 0) return [`${service.name}: no node is left that is ready: it refuses every new session`];
    if (ready.some((b) => b.health === 'up' && b.address !== undefined)) return [];
    const down = ready.map((b) => b.node).join(', ');
    const then = service.pool.failingOpen ? 'new sessions try them all the same' : 'it refuses every new session';
    return [`${service.name}: the nodes left are down (${down}): ${then}`];
  });
}

function caWarning(service: string, node: string): string {
  return (
    `${service}: ${node} is the CA node: until it is ready again no certificate is signed, renewed or revoked ` +
    'by way of this balancer, and no other node takes its place'
  );
}

function pinnedWarning(service: string, node: string): string {
  return `${service}: it is pinned to ${node}: it refuses every new session until the node is ready again`;
}
