import t from 'tap';
import { DialError } from '../../src/errors.ts';
import { testMetrics } from '../fixtures/metrics.ts';
import { noPromtool, promtool } from '../fixtures/promtool.ts';
import { backendSnapshot, serviceSnapshot } from '../fixtures/service-snapshot.ts';
import { sessionRecord } from '../fixtures/session-record.ts';

t.test("promtool check metrics has nothing to say, Node's own included", { skip: noPromtool }, async (t) => {
  const services = [
    serviceSnapshot({ backends: [backendSnapshot(), backendSnapshot({ node: 'proxy02' })] }),
    serviceSnapshot({ service: 'puppet-ca', pinned: { node: 'proxy01', up: false } }),
  ];
  const { metrics } = testMetrics(() => services, { processMetrics: true });
  for (const node of ['proxy01', 'proxy02', undefined]) metrics.sessionEnded(sessionRecord({ node }));
  metrics.dialFailed('https', 'proxy01', new DialError('refused', ''));
  metrics.retried('https');
  metrics.handshakeFailedOver('https', 'proxy01');
  metrics.healthFlipped({ service: 'https', node: 'proxy02', to: 'down', reason: 'refused' });
  metrics.probed('https', 'proxy01', 0.1, 'refused');
  metrics.certificateSeen('proxy01', 443, 1_800_000_000);
  const { code, said } = await promtool(['check', 'metrics'], await metrics.text());
  t.same({ code, said }, { code: 0, said: '' });
  const broken = await promtool(['check', 'metrics'], 'x_total{a="1"} 1\nx_total{a="1"} 2\n');
  t.not(broken.code, 0, 'it would say so');
});
