// What a service's part of the file means for the rooms below: pure, a function a question.

import type { ServiceConfig } from '../config/config.ts';
import type { AdmissionRules } from '../core/admission.ts';
import type { PoolOptions } from '../core/pool.ts';

export function pinnedNode({ balance }: ServiceConfig): string | undefined {
  return balance.strategy === 'pinned' ? balance.node : undefined;
}

/** Whether a client waits for its node when that one is full. Only `bound` lets it go elsewhere. */
export function isSticky(config: ServiceConfig): boolean {
  const { balance } = config;
  return pinnedNode(config) !== undefined || (balance.strategy === 'source' && balance.hash.bound === undefined);
}

export function poolOptions(config: ServiceConfig): PoolOptions {
  return {
    whenAllDown: config.whenAllDown,
    pinnedNode: pinnedNode(config),
    slowStartMs: config.slowStartMs,
    maxPerBackend: config.maxSessionsPerBackend,
  };
}

export function admissionRules(config: ServiceConfig): AdmissionRules {
  const { allow, deny, maxSessionsPerClient, ratePerClient } = config;
  return { allow, deny, maxSessions: maxSessionsPerClient, rate: ratePerClient };
}

/** How often one client's word against one node counts. */
export function blameInterval({ health }: ServiceConfig): number {
  return health === false ? 0 : health.intervalMs;
}
