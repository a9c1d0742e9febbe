// mqtt: mosquitto with TLS and client certificates, a host that waits for a job for longer than the usual 60 s. Its node
// publishes to its own broker, so the host must still be there.

import '../fixtures/own-namespaces.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { Machine, Running } from '../fixtures/machine.ts';
import { noNamespaces } from '../fixtures/own-namespaces.ts';
import { leaveOut, missing, Seen } from '../fixtures/seen.ts';
import { Site } from '../fixtures/site.ts';

const PACKAGES = ['mosquitto', 'mosquitto-clients', 'haproxy'];
const why = noNamespaces || missing(...PACKAGES);
if (why !== false) leaveOut(t, why);
else {
  t.setTimeout(300_000);
  const IDLE_MS = 66_000;
  const TOPIC = 'yggdrasil/host/data/in';
  const seen = new Seen(t, 'mqtt', 'jobs-reach-idle-hosts', PACKAGES);
  const site = await Site.of(t);
  const client = site.client(0);

  const brokers: Running[] = [];
  for (const node of site.nodes) {
    const file = site.file(
      `${node.name}/mosquitto.conf`,
      `listener 1883
cafile ${site.ca}
certfile /run/site/${node.name}.pem
keyfile /run/site/${node.name}.key
require_certificate true
use_identity_as_username true
log_dest stdout
log_type all
`,
    );
    const broker = node.start(['stdbuf', '-oL', 'mosquitto', '-c', file]);
    await node.listens(1883, broker);
    brokers.push(broker);
  }

  const identity = await site.authority.issue({ commonName: 'host', usage: 'client' });
  const certificate = [
    '--cert',
    site.file('host.pem', identity.certificate),
    '--key',
    site.file('host.key', identity.key),
  ];
  const tls = ['--cafile', site.ca, ...certificate];

  const balancer = await site.chargehand(`
profile: foreman-current
services:
  http: false
  https: false
  templates: false
  smart-proxy: false
  mqtt: { balance: pinned, node: proxy02 }
`);
  await balancer.probed('mqtt');
  await site.usualHaproxy([{ name: 'mqtt', port: 1883, balance: 'roundrobin' }]);

  /** A host that says nothing by itself for an hour. */
  async function subscribe(name: string, to: Machine): Promise<Running> {
    const how = ['-h', to.fqdn, '-p', '1883', '-i', name, '-k', '3600', '-t', TOPIC, '-d'];
    const subscriber = client.start(['stdbuf', '-oL', 'mosquitto_sub', ...how, ...tls]);
    await subscriber.says(/Subscribed \(mid/);
    return subscriber;
  }

  function publish(to: Machine, message: string): Promise<string> {
    return client.must(['mosquitto_pub', '-h', to.fqdn, '-p', '1883', '-t', TOPIC, '-m', message, ...tls]);
  }

  /** How often this client connected to each broker. */
  const connects = (name: string) => brokers.map((broker) => broker.said.split(`as ${name} (`).length - 1);

  const ours = await subscribe('behind-chargehand', site.lb);
  const theirs = await subscribe('behind-haproxy', site.haproxy);

  t.test('a client without a certificate is refused by the broker', async (t) => {
    const { code } = await client.run([
      'mosquitto_pub',
      '-h',
      site.lb.fqdn,
      '-t',
      TOPIC,
      '-m',
      'x',
      '--cafile',
      site.ca,
    ]);
    t.not(code, 0);
    await brokers[1]?.says(/peer did not return a certificate/);
  });

  t.test(`a host that was idle for ${IDLE_MS / 1000} s gets its job`, async (t) => {
    await sleep(IDLE_MS);
    await publish(site.node(1), 'the-job');
    await ours.says(/the-job/);
    t.same(connects('behind-chargehand'), [0, 1], 'on the connection that it had, to the pinned node');
    t.match(brokers[1]?.said, /as behind-chargehand \(.*u'host'/, 'by the name in its certificate');
    const samples = [...(await balancer.metrics())];
    const active = samples.filter(([name]) => name.startsWith('chargehand_sessions_active{'));
    t.equal(active.find(([name]) => name.includes('node="proxy02"'))?.[1], 1);
    seen.add(`After ${IDLE_MS / 1000} s without a byte mosquitto_sub got its message on its first connection, pinned.`);
  });

  t.test('behind HAProxy with the usual file it was cut off after a minute, and misses its job', async (t) => {
    t.notOk(theirs.isRunning);
    t.match(theirs.said, /connection was lost/);
    const again = await subscribe('behind-haproxy', site.haproxy);
    t.same(connects('behind-haproxy'), [1, 1], 'it comes again, and is sent to the other node');
    await publish(site.node(0), 'of-its-first-node');
    await publish(site.node(1), 'of-its-second-node');
    await again.says(/of-its-second-node/);
    t.notMatch(again.said, /of-its-first-node/);
    seen.add(
      'Behind HAProxy with the usual file (`timeout client 1m`, `roundrobin`) its connection was cut; it came back to the ' +
        'other node, and the job that its first node published was lost.',
    );
  });
}
