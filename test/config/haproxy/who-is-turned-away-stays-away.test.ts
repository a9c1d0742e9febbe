// Rules that turn clients away, wherever HAProxy takes them: in a backend, before a PROXY header, on the page of statistics.

import t from 'tap';
import { imported, listening, remarksOf } from '../../fixtures/imported.ts';

const apart = (rules: readonly string[], more: readonly string[] = []): string =>
  [
    ...['frontend web', ' bind *:8080', ...more.map((line) => ` ${line}`), ' default_backend nodes'],
    ...['backend nodes', ' server a 192.0.2.1:8080 check', ...rules.map((line) => ` ${line}`)],
  ].join('\n');

t.test('the rules of a backend hold for each frontend that leads to it', async (t) => {
  const reject = ['acl bad src 10.0.0.0/8', 'tcp-request content reject if bad'];
  const one = imported(apart(reject));
  t.match(one.written.services['web'], { deny: ['10.0.0.0/8'] });
  t.equal(one.lost, false);
  const both = imported(apart(reject, ['tcp-request connection reject if { src 192.0.2.99 }']));
  t.match(both.written.services['web'], { deny: ['192.0.2.99', '10.0.0.0/8'] });
  const after = imported(apart(reject, ['tcp-request content accept if { src 10.1.0.0/16 }']));
  t.match(after.written.services['web'], { deny: ['10.0.0.0/8'] }, 'whom the frontend accepts the backend may reject');
  const names = imported(apart(reject, ['acl bad src 172.16.0.0/12', 'tcp-request content reject if bad']));
  t.match(names.written.services['web'], { deny: ['172.16.0.0/12', '10.0.0.0/8'] }, 'each has its own acl');
  const other = imported(apart(['tcp-request content reject if { req.ssl_sni -i a.example }']));
  t.match(remarksOf(other, 'lost'), [
    /^tcp-request content reject if .*: not carried over, so web is open to everybody/,
  ]);
  t.equal(other.lost, true);
});

t.test('what both inherit is one rule', async (t) => {
  const rule = 'tcp-request content reject if !{ src 10.0.0.0/8 }';
  const result = imported(`defaults d\n ${rule}\n${apart([])}`);
  t.match(result.written.services['web'], { allow: ['10.0.0.0/8'] });
  t.equal(result.lost, false);
});

t.test('a rule about who sends the PROXY header is none about whom it names', async (t) => {
  const only = 'tcp-request connection reject if !{ src 192.0.2.10 }';
  const text = (bind: string, ...rules: readonly string[]): string =>
    [`listen web`, ` bind ${bind}`, ' server a 192.0.2.1:8080', ...rules.map((rule) => ` ${rule}`)].join('\n');
  for (const of of [
    text('*:8080 accept-proxy', only),
    text('*:8080', 'tcp-request connection expect-proxy layer4 if { src 192.0.2.10 }', only),
  ]) {
    const result = imported(of);
    const { allow } = result.written.services['web'] as { allow?: unknown };
    t.equal(allow, undefined, 'else nobody whom the header names could come in');
    t.match(remarksOf(result, 'lost'), [/about who sends the PROXY header.* web is open to everybody now$/]);
  }
  const named = imported(text('*:8080 accept-proxy', 'tcp-request session reject if !{ src 10.0.0.0/8 }'));
  t.match(named.written.services['web'], { allow: ['10.0.0.0/8'], proxy_protocol: { accept: ['0.0.0.0/0', '::/0'] } });
  t.equal(named.lost, false, 'the rules of sessions come behind the header');
});

t.test('a page of statistics that was not for everybody is not opened to everybody', async (t) => {
  const page = (...more: readonly string[]) =>
    imported(`${listening()}listen stats\n mode http\n bind *:9000\n stats enable\n ${more.join('\n ')}\n`);
  for (const rule of [
    'tcp-request connection reject if !{ src 10.0.0.0/8 }',
    'http-request deny unless { src 10.0.0.0/8 }',
    'http-request auth unless { http_auth(admins) }',
  ]) {
    const result = page(rule);
    t.equal(result.written.http, undefined, rule);
    t.match(remarksOf(result, 'note').join('\n'), /stats: .*not for everybody.* its own address was not taken/, rule);
  }
  t.strictSame(page('http-request set-log-level silent').written.http, { listen: 9000 });
});

t.test('a second page has not its own address, and that is told', async (t) => {
  const result = imported(
    [
      ...[listening(), 'listen stats', ' mode http', ' bind *:9000', ' stats enable'],
      ...['frontend prometheus', ' mode http', ' bind *:9001', ' http-request use-service prometheus-exporter'],
    ].join('\n'),
  );
  t.strictSame(result.written.http, { listen: 9000 });
  t.match(result.written.haproxy, { metrics: true });
  const [first, second] = remarksOf(result, 'note').filter((note) => /^(listen stats|frontend prometheus):/.test(note));
  t.match(first, 'on the same port');
  t.match(second, /another page came first, so its own address was not taken/);
});
