import type { Account, Invariant } from '../account.ts';
import { ACTIVE, DROPPED, perNode, QUEUED, UP } from '../series.ts';

/** Gauges return to zero. */
export const GAUGES: Invariant = {
  name: 'gauges',
  promise: 'when no session runs, the gauges say so, and no series is missing that is judged',
  check: (account) => [
    ...[...account.metrics]
      .filter(([name, value]) => [ACTIVE, QUEUED].some((gauge) => name.startsWith(`${gauge}{`)) && value !== 0)
      .map(([name, value]) => `${name} ${value}`),
    ...missing(account),
  ],
};

function missing({ metrics, plan }: Account): string[] {
  const needed = [DROPPED, ...[ACTIVE, QUEUED, UP].flatMap((metric) => perNode(metric, plan.kind))];
  return needed.filter((series) => !metrics.has(series)).map((series) => `there is no ${series}`);
}
