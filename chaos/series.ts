// Which series of its metrics the program must tell of. A look at those that are there alone finds nothing wrong where a
// metric is missing or has another name.

import type { EpisodePlan } from './plan.ts';
import { CA_NODE, KINDS, NODES } from './services.ts';

export type Metrics = ReadonlyMap<string, number>;

export const UP = 'chargehand_backend_up';
export const ACTIVE = 'chargehand_sessions_active';
export const QUEUED = 'chargehand_queue_sessions';
export const DROPPED = 'chargehand_log_lines_dropped_total';

/** One series for each node of each service. */
export function perNode(metric: string, kind: EpisodePlan['kind']): readonly string[] {
  return KINDS[kind].flatMap(({ name, strategy }) =>
    (strategy === 'pinned' ? [CA_NODE] : NODES).map((node) => `${metric}{service="${name}",node="${node}"}`),
  );
}
