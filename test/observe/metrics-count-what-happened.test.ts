import t from 'tap';
import { DialError } from '../../src/errors.ts';
import { manualClock } from '../fixtures/manual-clock.ts';
import { testMetrics } from '../fixtures/metrics.ts';
import { backendSnapshot, serviceSnapshot } from '../fixtures/service-snapshot.ts';
import { sessionRecord } from '../fixtures/session-record.ts';

const snapshot = () => [
  serviceSnapshot({ backends: [backendSnapshot(), backendSnapshot({ node: 'proxy02' })] }),
  serviceSnapshot({ service: 'puppet' }),
];

t.test('sessions by service, node and end', async (t) => {
  const { metrics, scrape } = testMetrics(snapshot);
  metrics.sessionEnded(sessionRecord());
  metrics.sessionEnded(sessionRecord());
  metrics.sessionEnded(sessionRecord({ node: 'proxy02', end: 'backend-reset' }));
  metrics.sessionEnded(sessionRecord({ node: undefined, end: 'no-backend' }));
  metrics.sessionEnded(sessionRecord({ service: 'puppet', end: 'drained' }));
  const { values } = await scrape();
  t.equal(values.get('chargehand_sessions_total{end="completed",node="proxy01",service="https"}'), 2);
  t.equal(values.get('chargehand_sessions_total{end="backend-reset",node="proxy02",service="https"}'), 1);
  t.equal(values.get('chargehand_sessions_total{end="no-backend",node="",service="https"}'), 1);
  t.equal(values.get('chargehand_sessions_total{end="drained",node="proxy01",service="puppet"}'), 1);
  t.equal(values.get('chargehand_sessions_total{end="completed",node="proxy02",service="https"}'), 0, 'from the start');
  t.equal(values.get('chargehand_sessions_total{end="no-backend",node="",service="puppet"}'), 0, 'from the start');
});

t.test('times go into the bucket they belong to', async (t) => {
  const { metrics, scrape } = testMetrics(snapshot);
  metrics.sessionEnded(sessionRecord({ dialMs: 1, firstByteMs: 20, durationMs: 50 }));
  metrics.sessionEnded(sessionRecord({ dialMs: 1.1, firstByteMs: -1, durationMs: 90_000_000 }));
  metrics.sessionEnded(sessionRecord({ dialMs: -1, firstByteMs: -1, durationMs: 0, end: 'refused' }));
  metrics.sessionEnded(sessionRecord({ dialMs: -1, firstByteMs: -1, durationMs: 0, end: 'denied' }));
  const { values, types } = await scrape();
  const dial = (le: string) => values.get(`chargehand_dial_seconds_bucket{le="${le}",service="https"}`);
  t.same([dial('0.0005'), dial('0.001'), dial('0.0025'), dial('15'), dial('+Inf')], [0, 1, 2, 2, 2]);
  t.equal(values.get('chargehand_dial_seconds_count{service="https"}'), 2);
  t.ok(Math.abs((values.get('chargehand_dial_seconds_sum{service="https"}') ?? 0) - 0.0021) < 1e-9);
  t.equal(values.get('chargehand_first_byte_seconds_count{service="https"}'), 1);
  t.equal(values.get('chargehand_session_duration_seconds_count{service="https"}'), 2, 'not those turned away');
  t.equal(values.get('chargehand_session_duration_seconds_bucket{le="43200",service="https"}'), 1);
  t.equal(values.get('chargehand_session_duration_seconds_bucket{le="+Inf",service="https"}'), 2);
  t.equal(types.get('chargehand_dial_seconds'), 'histogram');
});

t.test('dials, retries, failovers, flips', async (t) => {
  const { metrics, scrape } = testMetrics(snapshot);
  metrics.dialFailed('https', 'proxy01', new DialError('refused', 'refused'));
  metrics.dialFailed('https', 'proxy01', new DialError('refused', 'refused'));
  metrics.dialFailed('https', 'proxy01', new DialError('timeout', 'timeout'));
  metrics.retried('https');
  metrics.handshakeFailedOver('https', 'proxy02');
  metrics.healthFlipped({ service: 'https', node: 'proxy01', to: 'down', reason: 'x' });
  const { values } = await scrape();
  t.equal(values.get('chargehand_dial_failures_total{node="proxy01",reason="refused",service="https"}'), 2);
  t.equal(values.get('chargehand_dial_failures_total{node="proxy01",reason="timeout",service="https"}'), 1);
  t.equal(values.get('chargehand_retries_total{service="https"}'), 1);
  t.equal(values.get('chargehand_retries_total{service="puppet"}'), 0);
  t.equal(values.get('chargehand_handshake_failovers_total{node="proxy02",service="https"}'), 1);
  t.equal(values.get('chargehand_health_flips_total{node="proxy01",service="https",to="down"}'), 1);
  t.equal(values.get('chargehand_health_flips_total{node="proxy01",service="https",to="up"}'), 0);
});

t.test('probes: the last one and the failures, whose reasons never make series without end', async (t) => {
  const { metrics, scrape } = testMetrics(snapshot);
  metrics.probed('https', 'proxy01', 0.5, undefined);
  metrics.probed('https', 'proxy01', 0.25, 'refused');
  metrics.probed('https', 'proxy01', 0.25, 'GET /: "text from\noutside"');
  for (let i = 0; i < 100; i++) metrics.probed('https', 'proxy02', 1, `reason-${i}`);
  metrics.probed('https', 'proxy02', 1, 'reason-0');
  const { values } = await scrape();
  t.equal(values.get('chargehand_probe_seconds{node="proxy01",service="https"}'), 0.25);
  t.notOk(values.has('chargehand_probe_seconds{node="proxy01",service="puppet"}'), 'never probed: no series');
  t.equal(values.get('chargehand_probe_failures_total{node="proxy01",reason="refused",service="https"}'), 1);
  t.equal(values.get('chargehand_probe_failures_total{node="proxy01",reason="other",service="https"}'), 1);
  t.equal(values.get('chargehand_probe_failures_total{node="proxy02",reason="reason-0",service="https"}'), 2);
  const reasons = [...values.keys()].filter((series) => /probe_failures_total.*proxy02/.test(series));
  t.equal(reasons.length, 21);
});

t.test('reloads', async (t) => {
  const clock = manualClock(0);
  const { metrics, scrape } = testMetrics(snapshot, { clock });
  const started = Date.UTC(2026, 0, 1) / 1000;
  const state = async () => {
    const { values } = await scrape();
    return [
      values.get('chargehand_config_last_reload_successful'),
      values.get('chargehand_config_last_reload_success_timestamp_seconds'),
    ];
  };
  t.same(await state(), [1, started], 'the start is one');
  await clock.advance(60_000);
  metrics.reloaded(false);
  t.same(await state(), [0, started]);
  await clock.advance(60_000);
  metrics.reloaded(true);
  t.same(await state(), [1, started + 120]);
});
