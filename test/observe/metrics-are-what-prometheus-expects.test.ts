import t from 'tap';
import { DialError } from '../../src/errors.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import { manualClock } from '../fixtures/manual-clock.ts';
import { testMetrics } from '../fixtures/metrics.ts';
import { parseMetrics } from '../fixtures/prometheus-text.ts';
import { backendSnapshot, serviceSnapshot } from '../fixtures/service-snapshot.ts';
import { sessionRecord } from '../fixtures/session-record.ts';

// CONTRACT.md, "Metrics", those that exist so far, with their labels.
const CONTRACT: Readonly<Record<string, string>> = {
  sessions_total: 'end node service',
  sessions_active: 'node service',
  sessions_limit: 'service',
  queue_sessions: 'node service',
  bytes_total: 'direction node service',
  dial_seconds: 'service',
  first_byte_seconds: 'service',
  session_duration_seconds: 'service',
  dial_failures_total: 'node reason service',
  retries_total: 'service',
  handshake_failovers_total: 'node service',
  backend_up: 'node service',
  backend_admin_state: 'node service state',
  health_flips_total: 'node service to',
  probe_failures_total: 'node reason service',
  probe_seconds: 'node service',
  certificate_expiry_timestamp_seconds: 'node port',
  doctor_findings: 'check node severity',
  service_failing_open: 'service',
  pinned_up: 'service',
  config_last_reload_successful: '',
  config_last_reload_success_timestamp_seconds: '',
  log_lines_dropped_total: '',
  open_fds_limit: '',
  relay_info: 'kind',
  build_info: 'node_version version',
};

const snapshot = () => [serviceSnapshot({ pinned: { node: 'proxy01', up: true } })];

t.test('the metrics of the contract, with their labels and no others', async (t) => {
  const { metrics, scrape } = testMetrics(snapshot);
  metrics.sessionEnded(sessionRecord());
  metrics.dialFailed('https', 'proxy01', new DialError('refused', ''));
  metrics.probed('https', 'proxy01', 1, 'refused');
  metrics.certificateSeen('proxy01', 443, 1_800_000_000);
  metrics.doctorFound([{ node: 'proxy01', check: 'features', severity: 'error' }]);
  const { types, helps, values } = await scrape();
  t.same(
    [...types.keys()].sort(),
    Object.keys(CONTRACT)
      .map((name) => `chargehand_${name}`)
      .sort(),
  );
  for (const [name, type] of types) {
    t.match(helps.get(name), /\.$/, `${name} is explained`);
    t.equal(name.endsWith('_total'), type === 'counter', `${name}: counters, and only they, end in _total`);
    const own = [...values.keys()].filter((series) => series.replace(/(_bucket|_sum|_count)?(\{.*)?$/, '') === name);
    t.ok(own.length > 0, `${name} has a value`);
    for (const series of own) {
      const labels = [...series.matchAll(/(\w+)="/g)].map((match) => match[1]).filter((label) => label !== 'le');
      t.equal(labels.join(' '), CONTRACT[name.replace('chargehand_', '')], series);
    }
  }
});

t.test("Node's own metrics are there, once, however many ask", async (t) => {
  const make = () =>
    createMetrics({
      version: '0',
      nodeVersion: '0',
      relayKind: 'net',
      openFilesLimit: 1,
      snapshot,
      logLinesDropped: () => 0,
      clock: manualClock(),
    });
  const [one, two] = [make(), make()];
  for (const metrics of [one, two]) {
    const { types } = parseMetrics(await metrics.text());
    for (const [name, type] of types) t.equal(name.endsWith('_total'), type === 'counter', `${name}: ${type}`);
    for (const name of [
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
      'nodejs_eventloop_lag_p99_seconds',
    ]) {
      t.ok(types.has(name), name);
    }
    t.notOk(types.has('nodejs_active_handles'), 'what walks all handles is left out');
  }
  t.equal(one.contentType, 'text/plain; version=0.0.4; charset=utf-8');
});

t.test('hundreds of backends are written in pieces: others get a turn in between', async (t) => {
  const backends = Array.from({ length: 2000 }, (_, i) => backendSnapshot({ node: `node-${i}` }));
  let turns = 0;
  const clock = manualClock();
  const { metrics } = testMetrics(() => [serviceSnapshot({ backends })], {
    clock: {
      ...clock,
      after: (_ms, fn) => {
        turns++;
        setImmediate(fn);
        return { cancel: () => {} };
      },
    },
  });
  const { values } = parseMetrics(await metrics.text());
  t.equal(values.get('chargehand_backend_up{node="node-1999",service="https"}'), 1);
  t.ok(turns >= 5, `${turns} turns`);
});
