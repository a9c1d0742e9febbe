// When a node's certificate expires is told for as long as a probe asks for it: what nobody asks for any more would stand
// still, and alarm one day.

import t from 'tap';
import { makeAuthority } from '../../demo/certificates.ts';
import { systemClock } from '../../src/core/clock.ts';
import { fanOut } from '../../src/core/events.ts';
import { Pool } from '../../src/core/pool.ts';
import { Checkers } from '../../src/health/checkers.ts';
import { HealthWatch } from '../../src/health/health-watch.ts';
import { probeNetwork } from '../../src/net/probe-socket.ts';
import { PLAIN_SOCKETS } from '../../src/net/socket-way.ts';
import { backendSpec, type ServicePatch, serviceConfig } from '../fixtures/balancer.ts';
import { healthConfig } from '../fixtures/health-config.ts';
import { testMetrics } from '../fixtures/metrics.ts';
import { backendSnapshot, serviceSnapshot } from '../fixtures/service-snapshot.ts';
import { startTlsServer } from '../fixtures/tls-server.ts';
import { until } from '../fixtures/until.ts';

t.test('another port, another check, no check, no service', async (t) => {
  const identity = await (await makeAuthority()).issue({ commonName: 'one' });
  const { port } = await startTlsServer(t, identity, (socket) => socket.resume());
  const { port: other } = await startTlsServer(t, identity, (socket) => socket.resume());
  const told = new Set<number>();
  const observer = fanOut([
    {
      certificateSeen: (_node, at, expiresAt) => {
        if (expiresAt === undefined) told.delete(at);
        else told.add(at);
      },
    },
  ]);
  const checkers = new Checkers({ network: probeNetwork(PLAIN_SOCKETS), clock: systemClock });
  t.teardown(() => checkers.close());
  const file = (at: number, patch: ServicePatch = {}) =>
    serviceConfig({ backends: [backendSpec('one', at)], health: healthConfig({ type: 'tls' }), ...patch });
  const options = { whenAllDown: 'use_all', pinnedNode: undefined, slowStartMs: 0, maxPerBackend: undefined } as const;
  const pool = new Pool(file(port).backends, options, systemClock);
  for (const backend of pool.backends) pool.setAddress(backend, '127.0.0.1');
  const quiet = { onDown() {}, onUp() {}, onStillDown() {} };
  const watch = new HealthWatch(file(port), pool, { observer, checkers }, quiet);
  const reload = (next: ReturnType<typeof file>): void => {
    pool.reconcile(next.backends, options);
    watch.update(next, undefined, 9);
  };
  const ports = (...wanted: number[]): Promise<void> =>
    until(() => [...told].join() === wanted.join(), `ports ${wanted.join()}`);

  watch.start(9);
  await ports(port);
  reload(file(other));
  await ports(other);
  reload(file(other, { health: healthConfig({ type: 'tls', port }) }));
  await ports(port);
  reload(file(other, { health: healthConfig({ type: 'tcp' }) }));
  await ports();
  reload(file(other));
  await ports(other);
  reload(file(other, { health: false }));
  await ports();
  reload(file(port));
  await ports(port);
  reload(file(1));
  await ports();
  reload(file(port));
  await ports(port);
  watch.close();
  await ports();
});

t.test('the metric goes with it', async (t) => {
  const { metrics, value } = testMetrics(() => [serviceSnapshot({ backends: [backendSnapshot({ node: 'one' })] })]);
  const series = (port: number) => value(`chargehand_certificate_expiry_timestamp_seconds{node="one",port="${port}"}`);
  metrics.certificateSeen('one', 443, 1000);
  metrics.certificateSeen('one', 9090, 2000);
  t.same([await series(443), await series(9090)], [1000, 2000]);
  metrics.certificateSeen('one', 443, undefined);
  t.same([await series(443), await series(9090)], [undefined, 2000]);
});
