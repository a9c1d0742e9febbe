import t from 'tap';
import { ENDS } from '../../src/core/session-record.ts';
import { DialError } from '../../src/errors.ts';
import { testMetrics } from '../fixtures/metrics.ts';
import { backendSnapshot, serviceSnapshot } from '../fixtures/service-snapshot.ts';
import { sessionRecord } from '../fixtures/session-record.ts';

const NODES = ['proxy01', 'proxy02', 'proxy03'];
const services = ['https', 'puppet'].map((service) =>
  serviceSnapshot({ service, backends: NODES.map((node) => backendSnapshot({ node })) }),
);

t.test('however many clients come and however nodes fail, the number of series stays', async (t) => {
  const { metrics, scrape } = testMetrics(() => services);
  const flood = (from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      const service = services[i % 2]?.service ?? '';
      const node = i % 7 === 0 ? undefined : NODES[i % 3];
      const end = ENDS[i % ENDS.length] ?? 'completed';
      const client = `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:${i % 65536}`;
      metrics.sessionEnded(sessionRecord({ session: `s${i}`, service, node, end, client, backend: `192.0.2.1:${i}` }));
      metrics.dialFailed(service, NODES[i % 3] ?? '', new DialError('refused', `connect ${i}: refused`));
      metrics.probed(service, NODES[i % 3] ?? '', i, `answer-number-${i}`);
      metrics.healthFlipped({ service, node: NODES[i % 3] ?? '', to: i % 2 ? 'up' : 'down', reason: `because ${i}` });
    }
  };
  flood(0, 5000);
  const before = (await scrape()).values;
  flood(5000, 50_000);
  const after = (await scrape()).values;
  t.same([...after.keys()], [...before.keys()]);
  // By the contract's lists: ends, reasons, buckets; nothing that a client or a node can choose.
  t.ok(after.size < 2 * (4 * ENDS.length + 3 * 60 + 60), `${after.size} series of 2 services on 3 nodes`);
  const outside = [...after.keys()].filter((series) => /10\.0\.|because|s4999|192\.0\.2/.test(series));
  t.same(outside, []);
});

t.test('what is told of a service or node that is not in the file leaves no series', async (t) => {
  const { metrics, scrape } = testMetrics(() => services);
  for (let i = 0; i < 1000; i++) {
    metrics.sessionEnded(sessionRecord({ service: `gone-${i}` }));
    metrics.sessionEnded(sessionRecord({ node: `gone-${i}` }));
    metrics.certificateSeen(`gone-${i}`, 443, 1);
    metrics.retried(`gone-${i}`);
  }
  t.same(
    [...(await scrape()).values.keys()].filter((series) => series.includes('gone')),
    [],
  );
});
