import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket } from 'node:tls';
import t from 'tap';
import { type CertificateRequest, makeAuthority } from '../../demo/certificates.ts';
import { systemClock } from '../../src/core/clock.ts';
import { credentialStore } from '../../src/health/probes/credentials.ts';
import { askOnce } from '../fixtures/ask-once.ts';
import { frozenServer } from '../fixtures/frozen-server.ts';
import { manualClock } from '../fixtures/manual-clock.ts';
import { openSockets } from '../fixtures/open-sockets.ts';
import { startServer } from '../fixtures/tcp.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';
import { startTlsServer } from '../fixtures/tls-server.ts';
import { until } from '../fixtures/until.ts';

const VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;
const NAME = 'smartproxy.example.net';
const DAY = 86_400_000;

const authority = await makeAuthority('Katello CA');
const stranger = await makeAuthority('Another CA');
const issue = (request: Partial<CertificateRequest> = {}) =>
  authority.issue({ commonName: 'proxy01.example.net', names: ['proxy01.example.net', NAME], ...request });
const good = await issue();

const folder = temporaryFolder(t);
const caFile = file('ca.pem', authority.certificate);

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** A server of one version, down to TLS 1.0, which OpenSSL no longer gives by default. */
function only(version: (typeof VERSIONS)[number]) {
  return { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' };
}

for (const version of VERSIONS) {
  t.test(`${version}: good, with what the certificate says`, async (t) => {
    const notAfter = new Date('2031-05-06T07:08:09Z');
    const server = await startTlsServer(t, await issue({ notAfter }), (socket) => socket.resume(), only(version));
    const result = await askOnce({ port: server.port }, { type: 'tls', servername: NAME });
    t.match(result, { ok: true, findings: [] });
    t.same(result.certificate, { name: 'proxy01.example.net', expiresAt: notAfter.getTime() / 1000 });
    t.same(server.errors, []);
  });

  t.test(`${version}: a demand for a client certificate is an answer`, async (t) => {
    const demand = { requestCert: true, rejectUnauthorized: true, ca: authority.certificate };
    const server = await startTlsServer(t, good, (socket) => socket.resume(), { ...only(version), ...demand });
    const result = await askOnce({ port: server.port }, { type: 'tls', servername: NAME });
    t.match(result, { ok: true, findings: [], certificate: { name: 'proxy01.example.net' } });
    t.match(await askOnce({ port: server.port }, { type: 'tls', ca: caFile, servername: NAME }), { ok: true });
    const wrongCa = await askOnce({ port: server.port }, { type: 'tls', ca: file('other.pem', stranger.certificate) });
    t.match(wrongCa, { ok: false, code: 'certificate', reason: /not signed by the ca of this probe/ });
  });

  t.test(`${version}: a client certificate is shown where there is one`, async (t) => {
    const demand = { requestCert: true, rejectUnauthorized: true, ca: authority.certificate };
    const server = await startTlsServer(t, good, (socket) => socket.resume(), { ...only(version), ...demand });
    const client = await authority.issue({ commonName: 'balancer', usage: 'client' });
    const files = { cert: file('client.pem', client.certificate), key: file('client.key', client.key) };
    t.match(await askOnce({ port: server.port }, { type: 'tls', ...files }), { ok: true });
    t.equal(server.sockets[0]?.authorized, true);
  });
}

t.test('SNI is the name, and none for an address or without one', async (t) => {
  const server = await startTlsServer(t, good, (socket) => socket.resume());
  await askOnce({ port: server.port }, { type: 'tls', servername: NAME });
  await askOnce({ port: server.port }, { type: 'tls', servername: '127.0.0.1' });
  await askOnce({ port: server.port }, { type: 'tls' });
  t.same(
    server.sockets.map((socket) => socket.servername),
    [NAME, false, false],
  );
});

t.test('expired, wrong name, another CA', async (t) => {
  const expired = await issue({ notAfter: new Date('2020-02-03T00:00:00Z') });
  const early = await issue({ notBefore: new Date(Date.now() + DAY), notAfter: new Date(Date.now() + 2 * DAY) });
  const stories = [
    { identity: expired, name: NAME, fault: 'certificate expired on 2020-02-03' },
    { identity: early, name: NAME, fault: /^certificate is not valid before \d{4}-\d\d-\d\d$/ },
    {
      identity: good,
      name: 'other.example.net',
      fault: `certificate is for DNS:proxy01.example.net, DNS:${NAME}, not other.example.net`,
    },
  ];
  for (const { identity, name, fault } of stories) {
    const server = await startTlsServer(t, identity, (socket) => socket.resume());
    const loose = await askOnce({ port: server.port }, { type: 'tls', servername: name });
    t.match(loose, { ok: true, findings: [fault] }, 'without ca a finding');
    const strict = await askOnce({ port: server.port }, { type: 'tls', servername: name, ca: caFile });
    t.match(
      strict,
      { ok: false, kind: 'hard', stage: 'answer', code: 'certificate', certificate: {} },
      'with ca a failure',
    );
    const { reason } = strict as { reason: string };
    const question = `TLS handshake with 127.0.0.1:${server.port}: `;
    t.ok(reason.startsWith(question), reason);
    t.match(reason.slice(question.length), fault);
  }
  const foreign = await stranger.issue({ commonName: NAME, names: [NAME] });
  const server = await startTlsServer(t, foreign, (socket) => socket.resume());
  t.match(await askOnce({ port: server.port }, { type: 'tls', servername: NAME }), { ok: true, findings: [] });
  t.match(await askOnce({ port: server.port }, { type: 'tls', servername: NAME, ca: caFile }), {
    ok: false,
    code: 'certificate',
    reason: /certificate is not signed by the ca of this probe \([A-Z_]+\)$/,
  });
});

t.test('accepts and never answers: slow', async (t) => {
  const server = await startServer(t, (socket) => socket.resume());
  const reason = `TLS handshake with 127.0.0.1:${server.port}: no answer in 0.2 s`;
  const result = await askOnce({ port: server.port }, { type: 'tls', timeoutMs: 200 });
  t.match(result, { ok: false, kind: 'slow', stage: 'answer', code: 'no-answer', reason });
});

t.test('dead but listening: slow', async (t) => {
  const server = await frozenServer(16);
  t.teardown(() => server.close());
  t.match(await askOnce({ port: server.port }, { type: 'tls', timeoutMs: 200 }), { ok: false, kind: 'slow' });
  t.match(await askOnce({ port: server.port }, { type: 'tcp', timeoutMs: 200 }), { ok: true }, 'as tcp sees it');
});

t.test('what is no TLS, and what breaks off', async (t) => {
  const stories: [string, string, RegExp, (socket: import('node:net').Socket) => void][] = [
    ['tls', 'plain HTTP', /: the answer is not TLS$/, (s) => s.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['tls', 'an alert', /: .*handshake failure$/, (s) => s.end(Buffer.from('15030300020228', 'hex'))],
    ['closed', 'a close', /: closed without an answer$/, (s) => s.once('data', () => s.end())],
    ['reset', 'a reset', /: reset by the server$/, (s) => s.once('data', () => s.resetAndDestroy())],
  ];
  for (const [code, title, reason, serve] of stories) {
    const server = await startServer(t, serve);
    const result = await askOnce({ port: server.port }, { type: 'tls' });
    t.match(result, { ok: false, kind: 'hard', stage: 'answer', code, reason }, title);
  }
});

t.test('it closes with a close_notify', async (t) => {
  // TLS 1.2 shows each record's type: 21 is an alert, here the encrypted close_notify.
  const sent: Buffer[] = [];
  const context = createSecureContext({ cert: good.certificate, key: good.key, maxVersion: 'TLSv1.2' });
  const server = createServer((socket) => {
    socket.on('error', () => {});
    const tap = new Duplex({
      read() {},
      write(chunk, _encoding, done) {
        socket.write(chunk, done);
      },
      final(done) {
        socket.end(done);
      },
    });
    socket.on('data', (chunk: Buffer) => {
      sent.push(chunk);
      tap.push(chunk);
    });
    socket.on('end', () => tap.push(null));
    const secured = new TLSSocket(tap, { isServer: true, secureContext: context });
    secured.on('error', () => {});
    secured.resume();
  });
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const bound = server.address() as { port: number };
  const connection = once(server, 'connection');
  t.match(await askOnce({ port: bound.port }, { type: 'tls' }), { ok: true });
  const [socket] = await connection;
  if (!socket.closed) await once(socket, 'close');
  server.close();
  const types: number[] = [];
  const bytes = Buffer.concat(sent);
  for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) types.push(bytes[at] ?? 0);
  t.same(types, [22, 22, 20, 22, 21], 'hello, key, change of cipher, finished, close');
});

t.test('a name made to hurt is shown harmless', async (t) => {
  const evil = await issue({ commonName: '\u001b[2Jevil\u202e\r\nroot' });
  const server = await startTlsServer(t, evil, (socket) => socket.resume());
  const result = await askOnce({ port: server.port }, { type: 'tls', servername: 'x.example.net' });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  t.notMatch(JSON.stringify(result), /[\u0000-\u001f\u202e]/);
  t.match(result.certificate?.name, /evil/);
});

t.test('a name of a kind that nobody can read is a wrong name, and its connection is closed', async (t) => {
  const { certificate, key } = await authority.issue({ commonName: 'proxy01' });
  const raw = Buffer.from(new X509Certificate(certificate).raw);
  // The type of the subject's name, behind its OID: no kind of text.
  raw[raw.lastIndexOf(Buffer.from('0603550403', 'hex')) + 5] = 7;
  const pem = `-----BEGIN CERTIFICATE-----\n${raw.toString('base64')}\n-----END CERTIFICATE-----\n`;
  const server = await startTlsServer(t, { certificate: pem, key }, (socket) => socket.resume());
  const result = await askOnce({ port: server.port }, { type: 'tls', servername: NAME });
  t.match(result, { ok: true, findings: [/^certificate is for .*, not smartproxy\.example\.net$/] });
  const strict = await askOnce({ port: server.port }, { type: 'tls', servername: NAME, ca: caFile });
  t.match(strict, { ok: false, kind: 'hard', code: 'certificate' });
  await until(() => server.sockets.every((socket) => socket.destroyed), 'the connections are closed');
});

t.test('a PROXY header goes before the handshake', async (t) => {
  const server = await startServer(t, () => {});
  void askOnce({ port: server.port }, { type: 'tls', timeoutMs: 500 }, Buffer.from('PROXY UNKNOWN\r\n'));
  const [chunk] = await once(await server.accepted(), 'data');
  t.match(String(chunk), /^PROXY UNKNOWN\r\n/);
});

t.test('certificate files: what is wrong with them is ours, and says which', async (t) => {
  const server = await startTlsServer(t, good, (socket) => socket.resume());
  const ask = (files: object) => askOnce({ port: server.port }, { type: 'tls', ...files });
  const missing = join(folder, 'missing.pem');
  t.match(await ask({ ca: missing }), {
    ok: false,
    kind: 'ours',
    reason: /^ca .*missing.pem can't be read: no such file$/,
  });
  t.match(await ask({ ca: folder }), {
    ok: false,
    kind: 'ours',
    reason: `ca ${folder} can't be read: it is a directory`,
  });
  const empty = file('empty.pem', 'no certificate\n');
  t.match(await ask({ ca: empty }), { ok: false, kind: 'ours', reason: `ca ${empty} holds no PEM certificate` });
  const broken = file('broken.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
  t.match(await ask({ ca: broken }), { ok: false, kind: 'ours', reason: /holds a certificate that can't be parsed$/ });
  const mixed = { cert: file('a.pem', good.certificate), key: file('b.key', (await issue()).key) };
  t.match(await ask(mixed), {
    ok: false,
    kind: 'ours',
    reason: /^cert .* and key .* can't be used together: key values mismatch$/,
  });
  t.match(await ask({ cert: caFile }), { ok: false, kind: 'ours', reason: 'cert without key' });
});

t.test('certificate files are read again when they change, and kept while they are gone', async (t) => {
  const clock = manualClock();
  const store = credentialStore(clock);
  const path = file('rotating.pem', authority.certificate);
  const subject = () => store({ ca: path, cert: undefined, key: undefined }).authorities?.[0]?.subject;
  t.equal(subject(), 'CN=Katello CA');
  file('rotating.pem', stranger.certificate);
  utimesSync(path, new Date(0), new Date(0));
  t.equal(subject(), 'CN=Katello CA', 'not looked at yet');
  await clock.advance(60_000);
  t.equal(subject(), 'CN=Another CA');
  rmSync(path);
  await clock.advance(60_000);
  t.equal(subject(), 'CN=Another CA');
  file('rotating.pem', 'half-writ');
  chmodSync(path, 0o600);
  await clock.advance(60_000);
  t.equal(subject(), 'CN=Another CA');
  file('rotating.pem', authority.certificate);
  await clock.advance(60_000);
  t.equal(subject(), 'CN=Katello CA');
  t.ok(credentialStore(systemClock)({ ca: undefined, cert: undefined, key: undefined }).context);
});

t.test('nothing stays open', async (t) => {
  t.ok(await openSockets(0));
});
