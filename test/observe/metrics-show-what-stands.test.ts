import t from 'tap';
import type { ServiceSnapshot } from '../../src/core/status.ts';
import { testMetrics } from '../fixtures/metrics.ts';
import { backendSnapshot, serviceSnapshot } from '../fixtures/service-snapshot.ts';
import { sessionRecord } from '../fixtures/session-record.ts';

t.test('gauges and running bytes come from the snapshot of the moment', async (t) => {
  let now: readonly ServiceSnapshot[] = [];
  let dropped = 3;
  const { scrape } = testMetrics(() => now, { logLinesDropped: () => dropped });
  now = [
    serviceSnapshot({
      limit: 7,
      waiting: 4,
      queued: 2,
      failingOpen: true,
      backends: [
        backendSnapshot({ active: 5, queued: 1, bytesIn: 10, bytesOut: 20, health: 'down' }),
        backendSnapshot({ node: 'proxy02', admin: 'drain' }),
      ],
    }),
    serviceSnapshot({ service: 'puppet-ca', pinned: { node: 'proxy01', up: false } }),
  ];
  const { values } = await scrape();
  const get = (name: string, labels: string) => values.get(`chargehand_${name}{${labels}}`);
  t.equal(get('sessions_active', 'node="proxy01",service="https"'), 5);
  t.equal(get('sessions_active', 'node="",service="https"'), 4);
  t.equal(get('sessions_limit', 'service="https"'), 7);
  t.equal(get('queue_sessions', 'node="proxy01",service="https"'), 1);
  t.equal(get('queue_sessions', 'node="",service="https"'), 2);
  t.equal(get('bytes_total', 'direction="in",node="proxy01",service="https"'), 10);
  t.equal(get('bytes_total', 'direction="out",node="proxy01",service="https"'), 20);
  t.equal(get('backend_up', 'node="proxy01",service="https"'), 0);
  t.equal(get('backend_up', 'node="proxy02",service="https"'), 1);
  const states = (node: string) =>
    ['ready', 'drain', 'maint'].map((state) =>
      get('backend_admin_state', `node="${node}",service="https",state="${state}"`),
    );
  t.same(states('proxy01'), [1, 0, 0]);
  t.same(states('proxy02'), [0, 1, 0]);
  t.equal(get('service_failing_open', 'service="https"'), 1);
  t.equal(get('service_failing_open', 'service="puppet-ca"'), 0);
  t.equal(get('pinned_up', 'service="puppet-ca"'), 0);
  t.notOk(values.has('chargehand_pinned_up{service="https"}'), 'only where a service is pinned');
  t.equal(values.get('chargehand_log_lines_dropped_total'), 3);
  t.equal(values.get('chargehand_open_fds_limit'), 20_000);
  t.equal(values.get('chargehand_relay_info{kind="net"}'), 1);
  t.equal(values.get('chargehand_build_info{node_version="v24.0.0",version="0.1.0"}'), 1);

  dropped = 4;
  now = [serviceSnapshot({ backends: [backendSnapshot({ bytesOut: 30 })] })];
  const later = await scrape();
  t.equal(later.values.get('chargehand_bytes_total{direction="out",node="proxy01",service="https"}'), 30);
  t.equal(later.values.get('chargehand_log_lines_dropped_total'), 4);
});

t.test('a limit that is not known has no series', async (t) => {
  const { scrape } = testMetrics(() => [], { openFilesLimit: undefined });
  t.notOk((await scrape()).values.has('chargehand_open_fds_limit'));
});

t.test('a service and a node that a reload removed leave no series behind', async (t) => {
  let now = [
    serviceSnapshot({ backends: [backendSnapshot(), backendSnapshot({ node: 'proxy02' })] }),
    serviceSnapshot({ service: 'gone' }),
  ];
  const { metrics, scrape } = testMetrics(() => now);
  for (const service of ['https', 'gone']) {
    for (const node of ['proxy01', 'proxy02']) {
      metrics.sessionEnded(sessionRecord({ service, node }));
      metrics.probed(service, node, 1, 'refused');
      metrics.healthFlipped({ service, node, to: 'down', reason: '' });
      metrics.handshakeFailedOver(service, node);
    }
    metrics.retried(service);
  }
  const before = [...(await scrape()).values.keys()];
  t.ok(before.some((series) => series.includes('"gone"')));
  t.ok(before.some((series) => series.includes('"proxy02"')));
  now = [serviceSnapshot()];
  const { values } = await scrape();
  const after = [...values.keys()];
  t.same(
    after.filter((series) => /"gone"|"proxy02"/.test(series)),
    [],
  );
  t.equal(values.get('chargehand_sessions_total{end="completed",node="proxy01",service="https"}'), 1, 'the rest stays');
  t.equal(values.get('chargehand_retries_total{service="https"}'), 1);

  now = [serviceSnapshot({ backends: [backendSnapshot(), backendSnapshot({ node: 'proxy02' })] })];
  const back = await scrape();
  t.equal(back.values.get('chargehand_sessions_total{end="completed",node="proxy02",service="https"}'), 0, 'anew');
  t.notOk(
    back.values.has('chargehand_probe_seconds{node="proxy02",service="https"}'),
    'not an old probe of the old one',
  );
});

t.test('who was taken out of the file and put in again is one series, whose state is that of the file', async (t) => {
  const former = { leaving: true, health: 'down', admin: 'drain', active: 3, bytesIn: 1, bytesOut: 2 } as const;
  const { scrape } = testMetrics(() => [
    serviceSnapshot({
      limit: 7,
      waiting: 1,
      backends: [backendSnapshot({ active: 2, bytesIn: 10, bytesOut: 20 }), backendSnapshot(former)],
    }),
    serviceSnapshot({ leaving: true, limit: 9, waiting: 1, failingOpen: true, backends: [backendSnapshot(former)] }),
  ]);
  const { values } = await scrape();
  const get = (name: string, labels: string) => values.get(`chargehand_${name}{${labels}}`);
  t.equal(get('sessions_active', 'node="proxy01",service="https"'), 8);
  t.equal(get('sessions_active', 'node="",service="https"'), 2);
  t.equal(get('bytes_total', 'direction="in",node="proxy01",service="https"'), 12);
  t.equal(get('bytes_total', 'direction="out",node="proxy01",service="https"'), 24);
  t.equal(get('backend_up', 'node="proxy01",service="https"'), 1);
  t.equal(get('backend_admin_state', 'node="proxy01",service="https",state="ready"'), 1);
  t.equal(get('sessions_limit', 'service="https"'), 7);
  t.equal(get('service_failing_open', 'service="https"'), 0);
});
