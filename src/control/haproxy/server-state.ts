// `show servers state`: how each server stands, in the version 1 of HAProxy's format. Numbers as HAProxy has them.

import type { Backend } from '../../core/pool.ts';
import { checkNumber, checkStatus } from './check-report.ts';
import type { HaproxyCounts } from './counts.ts';
import { FIRST_PROXY, portOf, type RowSources } from './rows.ts';
import { isUsable, type ShownService, serversOf } from './shown-service.ts';

const COLUMNS =
  'be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change ' +
  'srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id ' +
  'srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port';

/** Stopped or running. */
const OPERATION = { down: 0, up: 2 } as const;
/** Forced maintenance, forced drain. */
const ADMIN = { ready: 0, maint: 1, drain: 8 } as const;
/** Unknown, failed, passed. */
const RESULT = { unknown: 0, failed: 2, passed: 3 } as const;
/** Bits: configured and enabled, paused. */
const CHECKED = 6;
const PAUSED = 8;

export interface StateSources extends RowSources {
  /** The weight out of the file. */
  initialWeight(service: string, backend: Backend): number;
}

/** `only`: of this service. */
export function* serverStates(from: StateSources, only: ShownService | undefined): Generator<string> {
  yield `1\n# ${COLUMNS}\n`;
  for (const [place, service] of from.services.entries()) {
    if (only !== undefined && service !== only) continue;
    for (const [i, backend] of serversOf(service).entries()) {
      yield `${FIRST_PROXY + place} ${service.name} ${i + 1} ${stateOf(service, backend, from)}\n`;
    }
  }
}

function stateOf(service: ShownService, backend: Backend, from: StateSources): string {
  const { node, spec, admin } = backend;
  const stands = admin !== 'maint' && (isUsable(backend) || backend.health === 'up');
  const name = spec.host === backend.address ? '-' : spec.host;
  return [
    node,
    backend.address ?? '-',
    OPERATION[stands ? 'up' : 'down'],
    ADMIN[admin],
    from.weight(service.name, backend),
    from.initialWeight(service.name, backend),
    from.counts.server(service.name, node).state.sinceSeconds,
    ...checkColumns(service, backend, from.counts),
    0,
    0,
    0,
    name,
    portOf(service, backend),
    '-',
    0,
    0,
    '-',
    '-',
    0,
  ].join(' ');
}

/** Status, result, health and state of its check. */
function checkColumns(service: ShownService, backend: Backend, counts: HaproxyCounts): readonly number[] {
  const { health } = service.config;
  const { check } = counts.server(service.name, backend.node);
  if (health === false) return [checkNumber(undefined), RESULT.unknown, 2, 0];
  const state = CHECKED + (backend.admin === 'maint' ? PAUSED : 0);
  const level = check.level(backend.health, health);
  if (check.seconds === undefined) return [checkNumber(undefined), RESULT.unknown, level, state];
  const result = check.failure === undefined ? RESULT.passed : RESULT.failed;
  return [checkNumber(checkStatus(health.type, check.failure)), result, level, state];
}
