// What nodes answer, byte by byte, and what the probe makes of it: over plain TCP, and the same over TLS.

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { makeAuthority } from '../../demo/certificates.ts';
import type { HealthConfig, JsonExpectation } from '../../src/config/config.ts';
import { askOnce } from '../fixtures/ask-once.ts';
import { openSockets } from '../fixtures/open-sockets.ts';
import { SOCKET_WAYS } from '../fixtures/sockets.ts';
import { closedPort, startServer } from '../fixtures/tcp.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';
import { startTlsServer } from '../fixtures/tls-server.ts';

const NAME = 'smartproxy.example.net';
const authority = await makeAuthority('Katello CA');
const identity = await authority.issue({ commonName: NAME, names: [NAME] });

type Serve = (socket: Socket) => void;
type Expect = Partial<HealthConfig['expect']>;
type Ask = { health?: Partial<HealthConfig>; expect?: Expect; preamble?: Buffer };

/** Asks a server that serves so, by `http` on every kind of socket and by `https`; all must say the same. */
async function both(t: Test, serve: Serve, ask: Ask, expected: object): Promise<void> {
  const expect = { status: [200], contains: undefined, headers: {}, json: {}, ...ask.expect };
  const plain = await startServer(t, serve);
  for (const sockets of SOCKET_WAYS) {
    const answer = await askOnce({ port: plain.port }, { type: 'http', expect, ...ask.health }, ask.preamble, sockets);
    t.match(answer, expected, `http, ${sockets.kind}`);
  }
  const secured = await startTlsServer(t, identity, serve);
  t.match(await askOnce({ port: secured.port }, { type: 'https', expect, ...ask.health }), expected, 'https');
}

/** Answers every request with this and closes. */
function answers(status: number, body = '', headers: Record<string, string> = {}): Serve {
  const lines = Object.entries({ 'content-length': Buffer.byteLength(body), ...headers }).map(
    ([k, v]) => `${k}: ${v}\r\n`,
  );
  return (socket) =>
    socket.once('data', () => socket.end(`HTTP/1.1 ${status} Whatever\r\n${lines.join('')}\r\n${body}`));
}

function failure(reason: RegExp | string, code = 'content'): object {
  return { ok: false, kind: 'hard', stage: 'answer', code, reason };
}

t.test('the status decides', async (t) => {
  await both(t, answers(200), {}, { ok: true });
  await both(t, answers(503), {}, failure(/^GET \/: 503, not 200$/, 'status'));
  await both(t, answers(401), { expect: { status: [401] } }, { ok: true });
  await both(t, answers(404), { expect: { status: [200, 401] } }, failure(/: 404, not 200 or 401$/, 'status'));
  await both(t, answers(404), { expect: { status: [] } }, { ok: true });
});

t.test('a redirect is not followed', async (t) => {
  let requests = 0;
  const moved = answers(302, '', { location: 'http://127.0.0.1:1/\u001b[2J' });
  const serve: Serve = (socket) => {
    requests += 1;
    moved(socket);
  };
  const reason = /: 302 to http:\/\/127\.0\.0\.1:1\/.* \(redirects are not followed\), not 200$/;
  const plain = answers(302, '', { location: 'http://127.0.0.1:1/' });
  await both(t, plain, {}, failure(reason, 'status'));
  // A control character in a header is no HTTP at all.
  await both(t, serve, {}, failure(/the answer is not HTTP/, 'protocol'));
  t.equal(requests, 3);
});

t.test('the body must contain the text', async (t) => {
  await both(t, answers(200, 'running'), { expect: { contains: 'running' } }, { ok: true });
  await both(t, answers(200, 'error'), { expect: { contains: 'running' } }, failure(/: the answer lacks "running"$/));
});

t.test('headers must be there, with the text', async (t) => {
  const registry = {
    'Docker-Distribution-API-Version': 'registry/2.0',
    'Www-Authenticate': `Bearer realm="https://${NAME}/v2/token",service="x"`,
  };
  const headers = { 'docker-distribution-api-version': 'registry/2', 'www-authenticate': NAME };
  const ask = { health: { path: '/v2/' }, expect: { status: [401], headers } };
  await both(t, answers(401, '', registry), ask, { ok: true });
  await both(t, answers(401), ask, failure(/^GET \/v2\/: there is no header docker-distribution-api-version$/));
  const own = { ...registry, 'Www-Authenticate': 'Bearer realm="https://proxy01.example.net/v2/token"' };
  const reason = /: www-authenticate is ".*proxy01.*", without "smartproxy\.example\.net"$/;
  await both(t, answers(401, '', own), ask, failure(reason));
  await both(
    t,
    answers(401, '', registry),
    { expect: { status: [], headers: { server: '' } } },
    failure(/no header server$/),
  );
});

const status = (connected: unknown, apps: unknown[]) =>
  JSON.stringify({ database_connection: { connected }, online_content_apps: apps, storage: { free: 1000 } });
const pulp: Record<string, JsonExpectation> = {
  'database_connection.connected': { equals: true },
  online_content_apps: { notEmpty: true },
  'storage.free': { min: 500 },
};

t.test('answers 200 with a dead database', async (t) => {
  const ask = { health: { path: '/pulp/api/v3/status/' }, expect: { json: pulp } };
  await both(t, answers(200, status(true, [1])), ask, { ok: true });
  const reason = /^GET \/pulp\/api\/v3\/status\/: database_connection\.connected is false$/;
  await both(t, answers(200, status(false, [1])), ask, failure(reason));
  await both(t, answers(200, status(true, [])), ask, failure(/: online_content_apps is empty$/));
});

t.test('what should be JSON and is not, or not all of it', async (t) => {
  const ask = { expect: { json: pulp } };
  await both(t, answers(200, '<html>'), ask, failure(/: the answer is not JSON: "<html>"$/));
  await both(t, answers(200, '['.repeat(200_000)), ask, failure(/: the answer is not JSON: "\[+/));
  await both(t, answers(200, `"${'x'.repeat(300_000)}"`), ask, failure(/: the answer is longer than 256 kB$/));
});

t.test('answers that are terminal escapes and newlines are shown harmless', async (t) => {
  const body = '\u001b[31m\u202e\n<script>';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  const harmless = /^GET \/: [^\u0000-\u001f\u202e]*$/;
  await both(t, answers(200, body), { expect: { json: pulp } }, failure(harmless));
  await both(t, answers(200, JSON.stringify(body)), { expect: { json: { $: { equals: 1 } } } }, failure(harmless));
  await both(t, (s) => s.once('data', () => s.end(`HTTP/1.1 200 ${body}\r\n\r\n`)), {}, failure(harmless, 'protocol'));
});

t.test('accepts and never answers: slow', async (t) => {
  const slow = { ok: false, kind: 'slow', stage: 'answer', code: 'no-answer', reason: 'GET /: no answer in 0.3 s' };
  await both(t, (socket) => socket.resume(), { health: { timeoutMs: 300 } }, slow);
});

t.test('answers a byte a second: one deadline for the whole', async (t) => {
  const trickle = (text: string, at: number): Serve => {
    return (socket) => {
      socket.resume();
      socket.write(text.slice(0, at));
      let sent = at;
      const timer = setInterval(() => socket.write(text.charAt(sent++)), 20);
      socket.once('close', () => clearInterval(timer));
    };
  };
  const text = `HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n${'x'.repeat(1000)}`;
  const slow = { ok: false, kind: 'slow', stage: 'answer', code: 'no-answer' };
  await both(t, trickle(text, 3), { health: { timeoutMs: 400 } }, slow);
  await both(t, trickle(text, 45), { health: { timeoutMs: 400 } }, slow);
});

t.test('closes, resets, or speaks something else', async (t) => {
  const half = 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf';
  await both(t, (s) => s.once('data', () => s.end()), {}, failure(/: closed without an answer$/, 'closed'));
  await both(
    t,
    (s) => s.once('data', () => s.end(half)),
    {},
    failure(/: closed in the middle of the answer$/, 'closed'),
  );
  await both(t, (s) => s.end('SSH-2.0-OpenSSH_9.9\r\n'), {}, failure(/: the answer is not HTTP \(.*\)$/, 'protocol'));
  const leaves = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n';
  await both(t, (s) => s.once('data', () => s.write(leaves)), {}, failure(/./, 'protocol'));
  const server = await startServer(t, (s) => s.once('data', () => s.resetAndDestroy()));
  t.match(await askOnce({ port: server.port }, { type: 'http' }), failure(/: reset by the server$/, 'reset'));
});

t.test('nobody listens: the same words as tcp', async (t) => {
  const port = await closedPort();
  for (const type of ['http', 'https', 'tls'] as const) {
    const refused = { ok: false, stage: 'connect', code: 'refused', reason: `connect to 127.0.0.1:${port}: refused` };
    t.match(await askOnce({ port }, { type }), refused);
  }
});

t.test('a body of a gigabyte is not read', async (t) => {
  const written: number[] = [];
  const block = Buffer.alloc(65_536, 'x');
  const endless: Serve = (socket) => {
    socket.once('data', () => {
      let bytes = 0;
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n');
      const more = (): void => {
        while (!socket.destroyed && bytes < 1e9) {
          bytes += block.length;
          if (!socket.write(block)) return;
        }
      };
      socket.on('drain', more);
      socket.once('close', () => written.push(bytes));
      more();
    });
  };
  await both(t, endless, {}, { ok: true });
  await both(t, endless, { expect: { contains: 'y' } }, failure(/: the first 256 kB lacks "y"$/));
  while (written.length < 6) await new Promise((resolve) => setImmediate(resolve));
  t.ok(Math.max(...written) < 64e6, `at most what the kernel buffers: ${written}`);
});

t.test('an endless head, and endless interim answers', async (t) => {
  const forever = (text: string): Serve => {
    return (socket) => {
      socket.resume();
      const more = (): void => {
        while (!socket.destroyed && socket.write(text.repeat(100)));
      };
      socket.on('drain', more);
      more();
    };
  };
  await both(
    t,
    forever('HTTP/1.1 100 Continue\r\n\r\n'),
    {},
    failure(/: more than 256 kB without an answer$/, 'protocol'),
  );
  const head: Serve = (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    forever('X-More: of it\r\n')(socket);
  };
  await both(t, head, {}, failure(/: the answer is not HTTP \(.*\)$/, 'protocol'));
});

t.test('what it asks', async (t) => {
  const requests: string[] = [];
  const serve: Serve = (socket) => {
    socket.once('data', (chunk) => {
      requests.push(String(chunk));
      answers(200)(socket);
      socket.emit('data', '');
    });
  };
  const health = { method: 'OPTIONS', path: '/a?b=c', headers: { Accept: 'application/json' }, servername: NAME };
  await both(t, serve, { health }, { ok: true });
  const server = await startServer(t, serve);
  await askOnce({ port: server.port }, { type: 'http', headers: { host: 'own' } });
  await askOnce({ port: server.port }, { type: 'http' }, Buffer.from('PROXY UNKNOWN\r\n'));
  t.equal(server.sockets.length, 2, 'a connection of its own each time');
  const [plain, , secured, own, proxied] = requests.map((request) => request.split('\r\n').slice(0, -2));
  for (const lines of [plain, secured]) {
    t.equal(lines?.[0], 'OPTIONS /a?b=c HTTP/1.1');
    t.match(
      lines?.find((line) => line.startsWith('host:')),
      /^host: smartproxy\.example\.net:\d+$/,
    );
    t.ok(lines?.includes('Accept: application/json'));
    t.ok(lines?.includes('connection: close'));
    t.notOk(
      lines?.some((line) => line.startsWith('accept:')),
      'each header once',
    );
  }
  t.ok(own?.includes('host: own'));
  t.equal(own?.filter((line) => /^host:/i.test(line)).length, 1);
  t.same(proxied?.slice(0, 3), ['PROXY UNKNOWN', 'GET / HTTP/1.1', 'user-agent: chargehand']);
  t.ok(proxied?.includes(`host: 127.0.0.1:${server.port}`));
});

t.test('https: a client certificate where the server wants one, and a hint where none is set', async (t) => {
  const folder = temporaryFolder(t);
  const client = await authority.issue({ commonName: 'balancer', usage: 'client' });
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  writeFileSync(cert, client.certificate);
  writeFileSync(key, client.key);
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const demand = { requestCert: true, rejectUnauthorized: true, ca: authority.certificate, maxVersion };
    const server = await startTlsServer(t, identity, answers(200), demand);
    t.match(await askOnce({ port: server.port }, { type: 'https', cert, key }), {
      ok: true,
      certificate: { name: NAME },
    });
    const refused = await askOnce({ port: server.port }, { type: 'https' });
    t.match(refused, { ok: false, code: 'tls', reason: /(certificate required|set cert and key)$/ }, maxVersion);
  }
});

t.test('https: findings come with the answer, and with ca a wrong name goes before it', async (t) => {
  const folder = temporaryFolder(t);
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, authority.certificate);
  const server = await startTlsServer(t, identity, answers(200));
  const ask = (health: Partial<HealthConfig>) => askOnce({ port: server.port }, { type: 'https', ...health });
  t.match(await ask({ servername: 'x.y' }), { ok: true, findings: [/^certificate is for DNS:.*, not x.y$/] });
  t.match(await ask({ servername: NAME, ca }), { ok: true, findings: [] });
  t.match(await ask({ servername: 'x.y', ca }), { ok: false, code: 'certificate', certificate: { name: NAME } });
});

t.test('https closes with a close_notify, also when it gave up', async (t) => {
  for (const serve of [answers(200), (socket: Socket) => socket.resume()]) {
    const server = await startTlsServer(t, identity, serve, {});
    const connection = once(server.server, 'secureConnection');
    await askOnce({ port: server.port }, { type: 'https', timeoutMs: 500 });
    const [socket] = await connection;
    if (!socket.closed) await once(socket, 'close');
    t.same(server.errors, []);
  }
});

t.test('nothing stays open', async (t) => {
  t.ok(await openSockets(0));
});
