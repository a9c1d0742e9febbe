// rhsm: Apache that requires client certificates, behind curl and openssl s_client. What TLS agrees on is agreed between
// the client and the node: certificates both ways, versions, resumption, ALPN, refusals.

import '../fixtures/own-namespaces.ts';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { makeAuthority } from '../../demo/certificates.ts';
import { startApache, tls } from '../fixtures/apache.ts';
import type { Ran } from '../fixtures/machine.ts';
import { noNamespaces } from '../fixtures/own-namespaces.ts';
import { leaveOut, missing, Seen } from '../fixtures/seen.ts';
import { Site } from '../fixtures/site.ts';

const PACKAGES = ['apache2', 'curl', 'openssl'];
const why = noNamespaces || missing(...PACKAGES);
if (why !== false) leaveOut(t, why);
else {
  t.setTimeout(300_000);
  const seen = new Seen(t, 'https (rhsm, mTLS)', 'client-certificates-reach-the-node', PACKAGES);
  const site = await Site.of(t);
  const client = site.client(0);

  const STATUS = '{"database_connection":{"connected":true},"online_content_apps":[1]}';
  for (const node of site.nodes) {
    const host = `Protocols h2 http/1.1
    ${tls(site, node)}
    Header always set X-Client-Certificate "expr=%{base64:%{SSL_CLIENT_CERT}}"
    Header always set X-Protocol "%{SSL_PROTOCOL}s"
    Header always set X-Session "%{SSL_SESSION_RESUMED}s"
    Header always set X-Node "${node.name}"`;
    // On 443 only /rhsm wants a certificate, as on a Smart Proxy; on 8443 all do, in the handshake.
    const rhsm = '<Location /rhsm>\nSSLVerifyClient require\n</Location>';
    const hosts = [
      `<VirtualHost *:443>\n${host}\n${rhsm}\n</VirtualHost>`,
      `<VirtualHost *:8443>\n${host}\nSSLVerifyClient require\n</VirtualHost>`,
    ];
    const { root } = await startApache(site, node, [443, 8443], hosts.join('\n'));
    mkdirSync(join(root, 'pulp/api/v3/status'), { recursive: true });
    writeFileSync(join(root, 'pulp/api/v3/status/index.html'), STATUS);
    writeFileSync(join(root, 'rhsm'), 'welcome\n');
  }

  const balancer = await site.chargehand(`
profile: foreman-current
services:
  http: false
  templates: false
  smart-proxy: false
  rhsm: { listen: 8443, balance: source, wait_for_client: true, handshake_failover: true, health: { type: tls } }
  rhsm-roundrobin: { listen: 8444, port: 8443, wait_for_client: true, handshake_failover: true, health: { type: tls } }
`);
  await balancer.probed('https', 'rhsm', 'rhsm-roundrobin');

  const identity = await site.authority.issue({ commonName: 'host-7f3a.example.test', usage: 'client' });
  const certificate = site.file('host.pem', identity.certificate);
  const key = site.file('host.key', identity.key);
  const own = ['--cert', certificate, '--key', key];

  function curl(url: string, ...more: string[]): Promise<Ran> {
    return client.run(['curl', '-sS', '-m', '60', '-D', '-', '--cacert', site.ca, ...more, url]);
  }

  const header = (answer: string, name: string) => new RegExp(`^${name}: (.*?)\r?$`, 'im').exec(answer)?.[1];

  /** One request of `openssl s_client`; what it says of the session, and the node's answer. */
  function sClient(port: number, ...more: string[]): Promise<string> {
    const to = ['-connect', `smartproxy.example.test:${port}`, '-servername', 'smartproxy.example.test'];
    const all = ['openssl', 's_client', ...to, '-CAfile', site.ca, '-cert', certificate, '-key', key, ...more];
    const request = 'GET /rhsm HTTP/1.1\\r\\nHost: smartproxy.example.test\\r\\nConnection: close\\r\\n\\r\\n';
    return client.must(['sh', '-c', `printf '${request}' | "$@" -ign_eof 2>&1`, 'sh', ...all]);
  }

  /** A handshake without a certificate, and whatever the server makes of it. */
  async function bare(to: string, ...more: string[]): Promise<string> {
    const { stdout, stderr } = await client.run(['openssl', 's_client', '-ign_eof', '-connect', to, ...more]);
    return stdout + stderr;
  }

  const alert = (said: string) => /SSL alert number \d+/.exec(said)?.[0] ?? said;

  for (const port of ['', ':8443']) {
    for (const version of ['1.2', '1.3']) {
      t.test(`TLS ${version} on ${port || ':443'}: the node sees the client's certificate`, async (t) => {
        const to = `https://smartproxy.example.test${port}/rhsm`;
        const { code, stdout, stderr } = await curl(to, ...own, `--tlsv${version}`, '--tls-max', version);
        t.equal(code, 0, stderr);
        t.match(stdout, /welcome/);
        t.equal(header(stdout, 'x-protocol'), `TLSv${version}`);
        const pem = Buffer.from(header(stdout, 'x-client-certificate') ?? '', 'base64').toString();
        const { fingerprint256 } = new X509Certificate(pem);
        t.equal(fingerprint256, new X509Certificate(identity.certificate).fingerprint256);
      });
    }
  }

  t.test('a client without one, or with one of another authority, gets the refusal of the node', async (t) => {
    const stranger = await makeAuthority('Somebody else');
    const theirs = await stranger.issue({ commonName: 'host-7f3a.example.test', usage: 'client' });
    const wrong = ['-cert', site.file('x.pem', theirs.certificate), '-key', site.file('x.key', theirs.key)];
    const said = new Set<string>();
    for (const version of ['tls1_2', 'tls1_3']) {
      for (const [what, shown] of Object.entries({ none: [], 'of another authority': wrong })) {
        const through = alert(await bare('smartproxy.example.test:8443', `-${version}`, ...shown));
        t.match(through, /^SSL alert number \d+$/, `${version}, ${what}`);
        const direct = alert(await bare('proxy01.example.test:8443', `-${version}`, ...shown));
        t.equal(through, direct, `${version}, ${what}: as without a balancer`);
        said.add(`${version} ${through}`);
      }
    }
    t.equal(said.size, 4, 'the two are refused by alerts of their own');
    seen.add(
      'With TLS 1.2 and 1.3, on 443 and on 8443, Apache saw the very certificate of the client. Without one, or with ' +
        "another authority's, the client got Apache's own alert, the same as without a balancer.",
    );
  });

  for (const version of ['tls1_2', 'tls1_3']) {
    t.test(`${version}: a session is resumed where the node is the same`, async (t) => {
      const kept = join(site.folder('sessions'), version);
      const first = await sClient(8443, `-${version}`, '-sess_out', kept);
      t.match(first, /Verify return code: 0 \(ok\)/);
      t.equal(header(first, 'x-session'), 'Initial');
      const again = async (port: number) => {
        const said = await sClient(port, `-${version}`, '-sess_in', kept);
        return `${header(said, 'x-node') === header(first, 'x-node') ? 'same' : 'other'} ${header(said, 'x-session')}`;
      };
      t.same([await again(8443), await again(8443), await again(8443)], Array(3).fill('same Resumed'), 'with source');
      const spread = [await again(8444), await again(8444), await again(8444), await again(8444)];
      t.same(spread.sort(), ['other Initial', 'other Initial', 'same Resumed', 'same Resumed'], 'with roundrobin');
      seen.add(
        `openssl s_client resumed its ${version} session: with \`source\` every time, with \`roundrobin\` only on the ` +
          'node that had given it.',
      );
    });
  }

  t.test('ALPN is agreed on with the node', async (t) => {
    t.match(await sClient(443, '-alpn', 'http/1.1'), /^ALPN protocol: http\/1\.1$/m);
    t.match(await sClient(443), /^No ALPN negotiated$/m);
    const { stdout } = await curl('https://smartproxy.example.test:8443/rhsm', ...own, '--http2');
    t.match(stdout, /^HTTP\/2 200/);
    seen.add('ALPN: h2 with curl, http/1.1 or none with openssl, as the client offered.');
  });
}
