// Node's own process metrics (CPU, memory, event loop, garbage collection, open descriptors), under the names that every
// Node dashboard knows. They belong to the process, not to one load balancer: collected once, in one registry that all
// share, since prom-client's observers can't be stopped.

import { collectDefaultMetrics, Registry } from 'prom-client';

/**
 * The first four walk all handles with private calls of Node's, 4 ms each at 8,000 handles, and say what
 * nodejs_active_resources says; the last is its sum, and a gauge whose name ends in `_total`, which promtool rejects.
 */
const LEFT_OUT = [
  'nodejs_active_handles',
  'nodejs_active_handles_total',
  'nodejs_active_requests',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/**
 * How often Node looks how late its event loop is, milliseconds. Each look wakes up a process that has nothing else to do:
 * with prom-client's 10 that alone was a percent of a core.
 */
const LOOK_MS = 250;

/** What Node counts from one look to the next, so that a loop that is never late shows the time between two looks. */
const BETWEEN_LOOKS = ['min', 'max', 'mean', 'p50', 'p90', 'p99'].map((of) => `nodejs_eventloop_lag_${of}_seconds`);
const SPREAD = 'nodejs_eventloop_lag_stddev_seconds';

let shared: Registry | undefined;

export function processMetrics(): Registry {
  if (shared !== undefined) return shared;
  shared = new Registry();
  collectDefaultMetrics({ register: shared, eventLoopMonitoringPrecision: LOOK_MS });
  for (const name of LEFT_OUT) shared.removeSingleMetric(name);
  for (const name of BETWEEN_LOOKS) recount(shared, name, (seconds) => seconds - LOOK_MS / 1000);
  recount(shared, SPREAD, (seconds) => seconds);
  return shared;
}

/** Has a metric tell something else than it holds; 0 where there was no look since it was asked last. */
function recount(registry: Registry, name: string, told: (held: number) => number): void {
  const metric = registry.getSingleMetric(name);
  if (metric === undefined) throw new Error(`prom-client has no ${name}`);
  const get = metric.get.bind(metric);
  metric.get = async () => {
    const all = await get();
    return { ...all, values: all.values.map((one) => ({ ...one, value: lateness(told(one.value)) })) };
  };
}

/** A histogram of Node's that is empty has no number for its mean, and the largest for its least. */
const lateness = (seconds: number): number => (seconds > 0 && seconds < Number.MAX_SAFE_INTEGER / 1e9 ? seconds : 0);
