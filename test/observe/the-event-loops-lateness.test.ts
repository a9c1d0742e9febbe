// How late the event loop is, as Prometheus gets it: what Node counts between two looks, less the time between them.

import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { processMetrics } from '../../src/observe/process-metrics.ts';
import { parseMetrics } from '../fixtures/prometheus-text.ts';

const registry = processMetrics();

async function lateness(): Promise<Readonly<Record<string, number>>> {
  const { values } = parseMetrics(await registry.metrics());
  const of = (what: string) => values.get(`nodejs_eventloop_lag_${what}_seconds`) ?? Number.NaN;
  const words = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'];
  return Object.fromEntries(words.map((what) => [what, of(what)]));
}

t.test('asked before the first look, and again at once: a time, not what an empty histogram holds', async (t) => {
  for (let i = 0; i < 5; i++) {
    for (const [what, seconds] of Object.entries(await lateness()))
      t.ok(seconds >= 0 && seconds < 3600, `${what} ${seconds}`);
  }
});

t.test('a loop that does nothing is in time: the time between looks is none of its lateness', async (t) => {
  let least = Number.POSITIVE_INFINITY;
  // On a busy machine it may take some looks until one is in time.
  while (least > 0.1) {
    await sleep(600);
    least = (await lateness())['min'] ?? Number.NaN;
  }
  t.ok(least >= 0 && least <= 0.1, `${least}`);
});

t.test('a loop that was blocked says so', async (t) => {
  await sleep(300);
  for (const until = performance.now() + 800; performance.now() < until; );
  await sleep(1);
  const { max = 0, p99 = 0 } = await lateness();
  t.ok(max >= 0.5, `${max}`);
  t.ok(p99 >= 0.5, `${p99}`);
});
