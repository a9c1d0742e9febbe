// PROXY v2 into Apache's mod_remoteip and nginx's stream module: a node logs the client's address, of either family.

import '../fixtures/own-namespaces.ts';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startApache } from '../fixtures/apache.ts';
import { noNamespaces } from '../fixtures/own-namespaces.ts';
import { leaveOut, missing, Seen } from '../fixtures/seen.ts';
import { Site } from '../fixtures/site.ts';
import { until } from '../fixtures/until.ts';

const PACKAGES = ['apache2', 'nginx', 'libnginx-mod-stream', 'curl'];
const why = noNamespaces || missing(...PACKAGES);
if (why !== false) leaveOut(t, why);
else {
  t.setTimeout(300_000);
  const seen = new Seen(t, 'PROXY v2', 'nodes-log-the-clients-address', PACKAGES);
  const site = await Site.of(t, { clients: 3 });
  const [apacheNode, nginxNode] = [site.node(0), site.node(1)];

  // mod_remoteip accepts the header on this port only; 8080 is Apache as everyone runs it.
  const apache = await startApache(
    site,
    apacheNode,
    [80, 8080],
    `<VirtualHost *:80>
      RemoteIPProxyProtocol On
    </VirtualHost>
    <VirtualHost *:8080>
    </VirtualHost>`,
  );
  mkdirSync(join(apache.root, 'pub'));
  writeFileSync(join(apache.root, 'pub/katello-server-ca.crt'), site.authority.certificate);

  const nginxFolder = site.folder('nginx');
  const nginxLog = join(nginxFolder, 'access.log');
  const nginxFile = site.file(
    'nginx/nginx.conf',
    `load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off;
pid ${nginxFolder}/nginx.pid;
error_log ${nginxFolder}/error.log;
worker_processes 1;
events {}
stream {
  log_format client '$proxy_protocol_addr:$proxy_protocol_port $remote_addr $status';
  access_log ${nginxLog} client;
  server {
    listen 1883 proxy_protocol;
    proxy_pass ${apacheNode.address}:8080;
  }
}
`,
  );
  const nginx = nginxNode.start(['nginx', '-e', `${nginxFolder}/error.log`, '-c', nginxFile]);
  await nginxNode.listens(1883, nginx);

  const balancer = await site.chargehand(`
services:
  http:
    { listen: 80, nodes: [proxy01], wait_for_client: true, health: apache, proxy_protocol: { send: v2 } }
  broker:
    { listen: 1883, nodes: [proxy02], wait_for_client: true, health: tcp, proxy_protocol: { send: v2 } }
  plain:
    { listen: 8080, nodes: [proxy01], health: false }
`);

  /** Lines about this path. */
  const apacheLines = (path: string) => apache.log().filter((line) => line.includes(path));
  const nginxLines = () => readFileSync(nginxLog, 'utf8').split('\n').filter(Boolean);

  t.test('Apache logs each client', async (t) => {
    for (const [i, client] of site.clients.entries()) {
      await client.run(['curl', '-sS', '-m', '30', `http://192.0.2.10/v4-${i}`]);
      await client.run(['curl', '-sS', '-m', '30', `http://[2001:db8::10]/v6-${i}`]);
      await until(() => apacheLines(`/v6-${i}`).length === 1, 'the lines in its log');
      t.equal(apacheLines(`/v4-${i}`)[0]?.split(' ')[0], client.address);
      t.equal(apacheLines(`/v6-${i}`)[0]?.split(' ')[0], `2001:db8::${101 + i}`);
    }
    seen.add("Apache's mod_remoteip logged the addresses of three clients, each by IPv4 and by IPv6.");
  });

  t.test('nginx logs each client, and its port', async (t) => {
    for (const client of site.clients) {
      const before = nginxLines().length;
      const said = await client.must([
        'curl',
        '-sS',
        '-m',
        '30',
        '-o',
        '/dev/null',
        '-w',
        '%{local_ip}:%{local_port}',
        'http://192.0.2.10:1883/',
      ]);
      await until(() => nginxLines().some((line) => line.startsWith(`${said} `)), `${said} in its log`);
      t.ok(nginxLines().length > before);
    }
    t.ok(
      nginxLines().every((line) => line.split(' ')[1] === site.lb.address),
      'which all come from the balancer',
    );
    seen.add("nginx's stream module logged the address and the port of each of three clients.");
  });

  t.test('without the header they log the balancer', async (t) => {
    await site.client(0).run(['curl', '-sS', '-m', '30', 'http://192.0.2.10:8080/without']);
    await until(() => apacheLines('/without').length === 1, 'the line in its log');
    t.equal(apacheLines('/without')[0]?.split(' ')[0], site.lb.address);
    seen.add("Without the header Apache logged the balancer's address.");
  });

  t.test('the probes speak it too: both nodes are up', async (t) => {
    await until(() => apacheLines('katello-server-ca.crt').length > 2, 'three probes in its log');
    const metrics = await balancer.metrics();
    t.equal([...metrics.keys()].filter((name) => name.startsWith('chargehand_backend_up{')).length, 3);
    for (const [name, value] of metrics) {
      if (name.startsWith('chargehand_backend_up{')) t.equal(value, 1, name);
      if (name.startsWith('chargehand_probe_failures_total{')) t.equal(value, 0, name);
    }
    // The probe's own: nobody's address (LOCAL) is the balancer's.
    t.match(apacheLines('katello-server-ca.crt')[0], /^192\.0\.2\.10 200 /);
  });
}
