// `max_sessions` of the process: what the file says, as far as the descriptors carry it.

import type { Config } from '../config/config.ts';
import type { Observer } from '../core/events.ts';
import { sessionLimit } from '../core/session-limit.ts';
import { type DescriptorLimit, USUAL_DESCRIPTORS } from './descriptor-limit.ts';

/** A limit that nobody sets on purpose. */
const FEW_SESSIONS = 100;
/** Connections of the read-only port, of the operator's and of HAProxy's sockets. */
const CONTROL_DESCRIPTORS = 64 + 32 + 16;

/** `relay`: descriptors that the relay may hold beside those of its sessions. Tells where a wish can't be met. */
export function processLimit(
  config: Config,
  descriptors: DescriptorLimit | undefined,
  relay: number,
  log: Pick<Required<Observer>, 'notice'>,
): number {
  const limit = sessionLimit(descriptors?.soft ?? USUAL_DESCRIPTORS, {
    listeners: config.services.reduce((sum, service) => sum + service.listen.length, 0),
    probes: config.services.reduce((sum, service) => sum + (service.health === false ? 0 : service.backends.length), 0),
    control: CONTROL_DESCRIPTORS,
    relay,
  });
  if (limit < FEW_SESSIONS) {
    log.notice(
      'warn',
      `the descriptor limit of ${descriptors?.soft} carries only ${limit} sessions: raise LimitNOFILE`,
    );
  }
  if (config.maxSessions === 'auto') return limit;
  if (config.maxSessions > limit) {
    log.notice(
      'warn',
      `max_sessions ${config.maxSessions} is more than the descriptor limit carries: ${limit} it is (raise LimitNOFILE)`,
    );
  }
  return Math.min(limit, config.maxSessions);
}
