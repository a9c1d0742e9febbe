// The built program as `npm start` runs it, when the node that signs certificates dies: its service refuses, loudly, and
// is never sent anywhere else; every other service goes on.

import t from 'tap';
import { sum } from '../fixtures/balancer-process.ts';
import { moveDemo, runDemo } from '../fixtures/moved-demo.ts';
import { wasBroken } from '../fixtures/session-books.ts';
import { exchange } from '../fixtures/stand-in-client.ts';

t.setTimeout(120_000);

t.test('a dead CA refuses, and no node takes its place', async (t) => {
  const demo = await moveDemo(t);
  const { balancer, standIns, processes, target, config } = await runDemo(t, demo);
  const caNode = config.caNode ?? '';
  const others = config.services.map(({ name }) => name).filter((name) => name !== 'puppet-ca');
  t.match(await exchange(target('puppet-ca'), 1000, 'alive'), { node: caNode, fault: '' });
  await balancer.idle();

  const ca = processes.get(caNode);
  process.kill(ca?.pid ?? 0, 'SIGKILL');
  await ca?.ended;
  // From the first moment, before any health check can have noticed, until long after.
  const ask = async (when: string): Promise<void> => {
    const refused = await exchange(target('puppet-ca'), 1000, when);
    t.match(refused, { node: undefined, fault: /disconnected before secure TLS/ }, `puppet-ca, ${when}`);
    for (const service of others)
      t.equal((await exchange(target(service), 1000, when)).fault, '', `${service}, ${when}`);
  };
  await ask('at-once');
  await balancer.metricsWhen('the CA is down', (samples) => sum(samples, 'chargehand_pinned_up') === 0);
  await ask('known-to-be-down');
  t.equal((await balancer.get('/readyz')).status, 200, 'the balancer is ready all the same');
  t.equal((await balancer.get('/readyz?services')).status, 503, 'but not every service has a node');

  await standIns.start(caNode);
  await balancer.metricsWhen('the CA is up', (samples) => sum(samples, 'chargehand_pinned_up') === 1);
  t.match(await exchange(target('puppet-ca'), 1000, 'again'), { node: caNode, fault: '' });
  t.equal(await balancer.stop(), 0);
  t.equal(balancer.errors, '');

  const asked = balancer.sessions.filter(({ service }) => service === 'puppet-ca');
  // Which of the two the first one is depends on how soon a probe noticed.
  t.match(
    asked.filter(wasBroken).map(({ end }) => end),
    [/^(dial-failed|no-backend)$/, /^no-backend$/],
  );
  t.same([...new Set(asked.flatMap(({ node }) => node ?? []))], [caNode], 'no other node was ever tried');
  t.same(
    balancer.sessions.filter((record) => wasBroken(record) && record.service !== 'puppet-ca'),
    [],
  );
  t.match(
    balancer.lines.filter(({ level }) => level === 'error'),
    [{ service: 'puppet-ca', node: caNode }],
    'it is told loudly, once',
  );
});
