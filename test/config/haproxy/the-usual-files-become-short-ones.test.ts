// The usual haproxy.cfg in front of Smart Proxies, of both generations and in some variants, and one that has none: which
// file comes out, that
// it is valid, and that nothing that matters is called lost.

import t from 'tap';
import { parseConfig } from '../../../src/config/load.ts';
import { FILES, haproxyFile, imported, remarksOf } from '../../fixtures/imported.ts';

/** Without its comments, empty lines and `version`. */
function essence(yaml: string): string {
  const lines = yaml.split('\n').map((line) => line.replace(/ *#.*$/, ''));
  return lines.filter((line) => line !== '' && line !== 'version: 1').join('\n');
}

const EXPECTED: Readonly<Record<(typeof FILES)[number], string>> = {
  'usual-current': `profile: foreman-current
nodes:
  proxy01: proxy01.example.net
  proxy02: proxy02.example.net
  proxy03: proxy03.example.net
services:
  http: { balance: roundrobin }
  https: { hash: { method: haproxy } }
haproxy: { socket: /run/chargehand/haproxy.sock }`,
  'usual-2018': `profile: foreman-2018
ca_node: f-proxy-1
nodes:
  f-proxy-1: 192.0.2.11
  f-proxy-2: 192.0.2.12
services:
  https: { hash: { method: haproxy } }
  amqp: { balance: roundrobin }`,
  'dual-stack': `profile: foreman-2018
nodes:
  capsule01: capsule01.example.net
  capsule02: capsule02.example.net
services:
  https: { hash: { method: haproxy, v4_mapped: true } }
  rhsm: false
  amqp: { balance: roundrobin }
  puppet: false
  puppet-ca: false
http: { listen: 5566 }`,
  'listen-style': `profile: foreman-current
ca_node: proxy02
nodes:
  proxy01: { address: 192.0.2.11, weight: 2 }
  proxy02: 192.0.2.12
  dc1: { address: 192.0.2.31, services: [ldap], ports: { ldap: 1389 } }
  dc2: { address: 192.0.2.32, services: [ldap] }
  dc3: { address: 192.0.2.33, backup: true, services: [ldap] }
services:
  http: { listen: "192.0.2.100:80", balance: roundrobin }
  https: { listen: "192.0.2.100:443", hash: { method: haproxy } }
  templates: false
  smart-proxy: { listen: "192.0.2.100:9090", max_sessions_per_backend: 80 }
  puppet: { listen: "192.0.2.100:8140", balance: leastconn }
  puppet-ca: { listen: "192.0.2.100:8141" }
  mqtt: { listen: "192.0.2.100:1883", hash: { method: haproxy }, timeouts: { idle: 24h } }
  ldap:
    listen: "127.0.0.1:389"
    nodes: [dc1, dc2, dc3]
    balance: source
    hash: { method: haproxy }`,
  general: `nodes:
  a: { address: 192.0.2.1, services: [dual, guarded] }
  a-turns: { address: 192.0.2.1, weight: 3, services: [turns] }
  a-weighted: { address: 192.0.2.1, weight: 6, services: [weighted] }
  b: { address: 192.0.2.2, services: [guarded] }
  b-turns: { address: 192.0.2.2, weight: 2, services: [turns] }
  b-weighted: { address: 192.0.2.2, weight: 4, services: [weighted] }
  c: 192.0.2.3
  c-weighted: { address: 192.0.2.3, weight: 2, services: [weighted] }
  spare: { address: 192.0.2.7, weight: 5, backup: true, services: [weighted] }
services:
  weighted:
    listen: 7001
    nodes: [a-weighted, b-weighted, c-weighted, spare]
    balance: source
    hash: { method: haproxy }
  turns: { listen: 7002 }
  dual:
    listen: 7003
    port: 8003
    nodes: [c, a]
    balance: source
    hash: { method: haproxy, v4_mapped: true }
  guarded:
    listen: 7004
    nodes: [b, c, a]
    balance: source
    hash: { method: haproxy }
    allow: ["127.0.0.0/9"]
    deny: ["127.0.64.0/18"]`,
  foremanctl: `profile: foremanctl
nodes:
  proxy-a: proxy-a.example.net
  proxy-b: proxy-b.example.net
services:
  http: { hash: { method: haproxy } }
  https: { hash: { method: haproxy } }`,
};

for (const name of FILES) {
  t.test(name, async (t) => {
    const result = imported(haproxyFile(name));
    t.equal(essence(result.yaml), EXPECTED[name]);
    t.strictSame(remarksOf(result, 'lost'), []);
    t.equal(result.lost, false);
    const { warnings } = parseConfig(result.yaml, 'chargehand.yaml');
    const messages = warnings.map(({ message }) => message).filter((message) => !message.includes('beyond loopback'));
    t.strictSame(messages, [], 'check has nothing to say, but of a statistics page that everyone may ask, as before');
  });
}

t.test('what the usual file is told is better', async (t) => {
  const better = remarksOf(imported(haproxyFile('usual-current')), 'better');
  for (const word of ['1883', 'redispatch', 'method: haproxy', 'cut after 1m', 'TCP check', 'given up after 2s']) {
    t.equal(better.filter((message) => message.includes(word)).length, 1, word);
  }
  const dead = remarksOf(imported(haproxyFile('usual-2018')), 'better').join('\n');
  for (const port of ['5647', '5000', '8443']) t.match(dead, port, `${port} is told to be dead today`);
});

t.test('each of log, maxconn, the stats socket and timeouts of HTTP has its remark', async (t) => {
  const notes = remarksOf(imported(haproxyFile('usual-current')), 'note').join('\n');
  for (const word of [
    'log 127.0.0.1',
    'maxconn 4000',
    'maxconn 3000',
    'stats socket',
    'chroot',
    'timeout http-request',
  ]) {
    t.match(notes, word);
  }
});

t.test('a CA of two nodes is pinned to one, and that is told as lost', async (t) => {
  const text = haproxyFile('usual-2018').replace(
    'server f-proxy-puppet-ca-1 192.0.2.11:8140 check',
    'server f-proxy-puppet-ca-1 192.0.2.11:8140 check\n    server f-proxy-puppet-ca-2 192.0.2.12:8140 check',
  );
  const result = imported(text);
  t.equal(result.written.ca_node, 'f-proxy-1');
  t.equal(result.lost, true);
  t.match(remarksOf(result, 'lost'), [/corrupt the CA/]);
});

t.test('a CA is not pinned to a server that is disabled', async (t) => {
  const text = haproxyFile('usual-2018')
    .replace(
      'server f-proxy-puppet-ca-1 192.0.2.11:8140 check',
      '$& disabled\n    server f-proxy-puppet-ca-2 192.0.2.12:8140 check',
    )
    .replaceAll(/(server \S+ 192\.0\.2\.11:.*check)$/gm, '$1 disabled')
    .replace('balance source', 'balance roundrobin');
  const { written, config } = imported(text);
  t.equal(config.nodes.find(({ name }) => name === written.ca_node)?.host, '192.0.2.12');
});

t.test('a web server on 80 and 443 is not taken for a Smart Proxy', async (t) => {
  const web = 'listen a\n bind *:80\n server a 192.0.2.1:80\nlisten b\n bind *:443\n server a 192.0.2.1:443\n';
  t.equal(imported(web).written.profile, undefined);
});

t.test('a port that leads elsewhere on the nodes is a service of its own, not the row of that port', async (t) => {
  const text = haproxyFile('usual-current').replaceAll(/:8000 check/g, ':9191 check');
  const { written, config } = imported(text);
  t.equal(written.services['templates'], false);
  t.match(written.services['anaconda'], { listen: 8000, port: 9191 });
  t.equal(config.services.find(({ name }) => name === 'anaconda')?.backends[0]?.port, 9191);
});
