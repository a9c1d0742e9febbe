// A probe that asks one TLS server again and again: what the server sees of it, and what is left in its log.

import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket, TlsOptions } from 'node:tls';
import t, { type Test } from 'tap';
import { makeAuthority } from '../../demo/certificates.ts';
import type { HealthConfig } from '../../src/config/config.ts';
import { systemClock } from '../../src/core/clock.ts';
import { Checkers } from '../../src/health/checkers.ts';
import type { ProbeResult } from '../../src/health/probes/probe.ts';
import { probeNetwork } from '../../src/net/probe-socket.ts';
import { PLAIN_SOCKETS } from '../../src/net/socket-way.ts';
import { healthConfig } from '../fixtures/health-config.ts';
import { noOpenssl } from '../fixtures/openssl.ts';
import { startServer } from '../fixtures/tcp.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';
import { startTlsServer } from '../fixtures/tls-server.ts';
import { until } from '../fixtures/until.ts';

const NAME = 'smartproxy.example.net';
const authority = await makeAuthority('Katello CA');
const identity = await authority.issue({ commonName: 'proxy01', names: [NAME] });
const folder = temporaryFolder(t);
const ca = file('ca.pem', authority.certificate);

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** A clock whose minutes can be let pass; its timers are the machine's. */
function skippingClock() {
  let skipped = 0;
  const clock = { ...systemClock, now: () => systemClock.now() + skipped };
  const skip = (ms: number): void => {
    skipped += ms;
  };
  return { clock, skip };
}

/** Probes that follow each other as fast as they may. */
function probing(t: Test, port: number, health: Partial<HealthConfig>) {
  const { clock, skip } = skippingClock();
  const checkers = new Checkers({ network: probeNetwork(PLAIN_SOCKETS), clock });
  const results: ProbeResult[] = [];
  const watch = checkers.watch({
    health: healthConfig({ type: 'tls', intervalMs: 50, fastIntervalMs: 20, servername: NAME, ...health }),
    target: { address: '127.0.0.1', port },
    initial: 'up',
    mayGoDownSlow: () => true,
    onFlip() {},
    onProbe: (result) => results.push(result),
  });
  t.teardown(async () => {
    watch.close();
    await checkers.close();
  });
  const more = async (count: number): Promise<readonly ProbeResult[]> => {
    const from = results.length;
    await until(() => results.length >= from + count, `${count} more probes`);
    return results.slice(from);
  };
  return { results, more, skip };
}

const only12: TlsOptions = { maxVersion: 'TLSv1.2' };
const servers: Readonly<Record<string, TlsOptions>> = { 'TLS 1.2': only12, 'TLS 1.3': {} };

for (const [title, options] of Object.entries(servers)) {
  for (const type of ['tls', 'https'] as const) {
    t.test(`${title}, ${type}: few full handshakes, each result with the certificate`, async (t) => {
      let full = 0;
      const serve = (socket: TLSSocket): void => {
        if (!socket.isSessionReused()) full++;
        socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
      };
      const server = await startTlsServer(t, identity, serve, options);
      const { more, skip } = probing(t, server.port, { type, ca });
      for (const result of await more(6)) t.match(result, { ok: true, certificate: { name: 'proxy01' }, findings: [] });
      t.equal(full, title === 'TLS 1.2' ? 1 : 2, 'the second one of 1.3 finds out whether 1.2 is spoken');
      const before = full;
      skip(61_000);
      for (const result of await more(4)) t.match(result, { ok: true });
      t.equal(full, before + 1, 'a full one each minute');
      t.same(server.errors, []);
    });
  }
}

t.test('a server of TLS 1.3 alone is asked for 1.2 once, and never again', async (t) => {
  const server = await startTlsServer(t, identity, (socket) => socket.resume(), { minVersion: 'TLSv1.3' });
  const { more, skip } = probing(t, server.port, { ca });
  for (const result of await more(4)) t.match(result, { ok: true, certificate: { name: 'proxy01' } });
  skip(61_000);
  for (const result of await more(4)) t.match(result, { ok: true });
  t.equal(server.errors.length, 1);
  t.match(server.errors, [/unsupported protocol/]);
});

t.test('a server that wants a client certificate is good each time', async (t) => {
  const demand = { requestCert: true, rejectUnauthorized: true, ca: authority.certificate };
  const server = await startTlsServer(t, identity, (socket) => socket.resume(), demand);
  const { more } = probing(t, server.port, {});
  for (const result of await more(6)) t.match(result, { ok: true, certificate: { name: 'proxy01' } });
});

t.test(
  'a certificate that changes is seen within a minute, and one that is wrong is not believed for another',
  async (t) => {
    const server = await startTlsServer(t, identity, (socket) => socket.resume());
    const { results, more, skip } = probing(t, server.port, { ca, fall: 100 });
    await more(4);
    const expired = await authority.issue({ commonName: 'x', names: [NAME], notAfter: new Date('2020-02-03') });
    server.server.setSecureContext({ cert: expired.certificate, key: expired.key });
    skip(61_000);
    await until(() => results.at(-1)?.ok === false, 'the expired certificate is seen');
    t.match(results.at(-1), { ok: false, reason: /certificate expired on 2020-02-03$/ });
    server.server.setSecureContext({ cert: identity.certificate, key: identity.key });
    const [, next] = await more(2);
    t.match(next, { ok: true }, 'and so is the good one again, at once');
  },
);

t.test(
  'a server that breaks off: two questions for the first probe that fails, one for each that follows',
  async (t) => {
    let ill = false;
    let asked = 0;
    const tls = await startTlsServer(t, identity, (socket) => socket.resume());
    const front = await startServer(t, (socket) => {
      asked++;
      if (ill) {
        socket.once('data', () => socket.resetAndDestroy());
        return;
      }
      const behind = connect({ host: '127.0.0.1', port: tls.port });
      behind.on('error', () => socket.destroy());
      socket.on('error', () => behind.destroy());
      socket.pipe(behind).pipe(socket);
    });
    const { results, more } = probing(t, front.port, { ca, fall: 100 });
    await more(4);
    ill = true;
    const from = results.length;
    await until(() => results.slice(from).some(({ ok }) => !ok), 'a probe that fails');
    const before = asked;
    for (const result of await more(3)) t.match(result, { ok: false, code: 'reset' });
    t.equal(asked - before, 3);
    ill = false;
    await until(() => results.at(-1)?.ok === true, 'it is well again');
    for (const result of await more(3)) t.match(result, { ok: true });
  },
);

t.test('nothing is left in the log of an openssl s_server', { skip: noOpenssl }, async (t) => {
  const [cert, key] = [file('cert.pem', identity.certificate), file('key.pem', identity.key)];
  // It ends when its standard input does, which is therefore kept open.
  const args = ['s_server', '-accept', '127.0.0.1:0', '-cert', cert, '-key', key];
  const server = spawn('openssl', args, { stdio: ['pipe', 'pipe', 'pipe'] });
  t.teardown(() => server.kill('SIGKILL'));
  let said = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const port = /ACCEPT \S*:(\d+)/;
  await until(() => port.test(said), 'the port of openssl s_server');
  const { more } = probing(t, Number(port.exec(said)?.[1]), { ca });
  for (const result of await more(6)) t.match(result, { ok: true, certificate: { name: 'proxy01' } });
  await until(() => (said.match(/CONNECTION CLOSED/g) ?? []).length >= 6, 'openssl sees each closed');
  t.notMatch(said, /error|unexpected eof|alert/i);
});
