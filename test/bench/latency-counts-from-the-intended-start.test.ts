// Coordinated omission: a load that waits for a slow answer before it asks again records one slow request where clients
// who come at their own times would have met many.

import t from 'tap';
import { startBackend, startLoad } from '../../bench/generator.ts';
import { buildTools } from '../../bench/tools.ts';
import { skipWithoutCompiler } from '../fixtures/measured-backend.ts';
import { closedPort } from '../fixtures/tcp.ts';

t.test(
  'a backend that stands still delays every request that was due meanwhile',
  { skip: skipWithoutCompiler },
  async (t) => {
    const tools = buildTools();
    const port = await closedPort();
    const backend = await startBackend(tools, ['127.0.0.1'], port);
    t.teardown(() => backend.stop());
    const load = startLoad(tools, [`127.0.0.1:${port}`], { mode: 'rr', sessions: 1, rate: 200, seconds: 1.5 });
    await load.begun;
    process.kill(backend.pid, 'SIGSTOP');
    // Frozen to the end: what never gets its answer counts with the time it has waited.
    const result = await load.result;
    process.kill(backend.pid, 'SIGCONT');
    t.ok(result.latency_us.count >= 290, 'every due request counts, 300 in all');
    t.ok(result.latency_us.p50 > 300_000, 'half of them were due long before the end');
    t.ok(result.unfinished >= 200, 'and it says how many had no answer');
  },
);
