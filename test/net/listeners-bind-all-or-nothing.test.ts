// Where a service listens, what is said when it can't, and that nothing half-starts.

import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { ListenAddress } from '../../src/config/config.ts';
import { backendSpec, startBalancer } from '../fixtures/balancer.ts';
import { freePorts } from '../fixtures/real-haproxy.ts';
import { SOCKET_WAYS } from '../fixtures/sockets.ts';
import { echo, readAll, startServer } from '../fixtures/tcp.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';
import { until } from '../fixtures/until.ts';

const tcp = (host: string | undefined, port = 0, ipv6Only = false): ListenAddress => ({
  kind: 'tcp',
  host,
  port,
  ipv6Only,
});
const unix = (path: string): ListenAddress => ({ kind: 'unix', path });

/** Says a word and tells what comes back; `(code)`: how it failed. */
async function talk(to: { host: string; port: number } | { path: string }): Promise<string> {
  const socket = connect({ ...to, allowHalfOpen: true });
  const heard = readAll(socket);
  socket.end('word');
  const { bytes, how } = await heard;
  socket.destroy();
  return how === 'fin' ? bytes.toString() : `(${how})`;
}

async function started(t: Test, listen: readonly ListenAddress[], options = {}) {
  const backend = await startServer(t, echo);
  return startBalancer(t, [{ listen, backends: [backendSpec('n', backend.port)] }], options);
}

for (const sockets of SOCKET_WAYS) {
  t.test(`${sockets.kind}: IPv4, IPv6, both, and Unix sockets`, async (t) => {
    const path = join(temporaryFolder(t), 'service.sock');
    const v4 = await started(t, [tcp('127.0.0.1')], { sockets });
    t.equal(await talk({ host: '127.0.0.1', port: v4.port() }), 'word');
    t.equal(await talk({ host: '127.0.0.2', port: v4.port() }), '(ECONNREFUSED)', 'only where it listens');
    const v6 = await started(t, [tcp('::1')], { sockets });
    t.equal(await talk({ host: '::1', port: v6.port() }), 'word');
    t.match(await v6.events.record(), { client: /^\[::1\]:/ });
    const both = await started(t, [tcp(undefined)], { sockets });
    t.equal(await talk({ host: '127.0.0.1', port: both.port() }), 'word');
    t.equal(await talk({ host: '::1', port: both.port() }), 'word');
    const v6Only = await started(t, [tcp('::', 0, true)], { sockets });
    t.equal(await talk({ host: '::1', port: v6Only.port() }), 'word');
    t.equal(await talk({ host: '127.0.0.1', port: v6Only.port() }), '(ECONNREFUSED)');
    const file = await started(t, [unix(path)], { sockets });
    t.equal(await talk({ path }), 'word');
    t.match(await file.events.record(), { client: '', peer: undefined, end: 'completed' });
    await file.balancer.stop();
    t.notOk(existsSync(path), 'and its file goes with it');
  });
}

t.test(
  'the socket of a process that is gone is replaced, one in use is not, nor is a file of another kind',
  async (t) => {
    const here = temporaryFolder(t);
    const path = join(here, 'service.sock');
    // Closing would remove it: a server that is not closed but dies leaves it.
    const dead = createServer();
    dead.listen({ path: join(here, 'dying.sock') });
    await once(dead, 'listening');
    renameSync(join(here, 'dying.sock'), path);
    dead.close();
    t.ok(existsSync(path), 'a file that nobody listens on');
    const first = await started(t, [unix(path)]);
    t.equal(await talk({ path }), 'word');
    await t.rejects(started(t, [unix(path)]), {
      code: 'EADDRINUSE',
      message: /service test: cannot listen on unix:.*service\.sock/,
    });
    t.equal(await talk({ path }), 'word', 'who was there goes on');
    await first.balancer.stop();
    writeFileSync(path, 'precious');
    await t.rejects(started(t, [unix(path)]), { code: 'EADDRINUSE' });
    t.equal(readFileSync(path, 'utf8'), 'precious');
  },
);

t.test('a range of ports: each goes to its own port on the node', async (t) => {
  const ports = await freePorts(3);
  for (const port of ports)
    await startServer(t, (s) => s.resume().on('end', () => s.end(`${port}`)), { host: '127.0.0.2', port });
  const { events } = await startBalancer(t, [
    {
      listen: ports.map((port) => tcp('127.0.0.1', port)),
      backends: [{ ...backendSpec('n', 0, { host: '127.0.0.2' }), port: undefined }],
    },
  ]);
  for (const [i, port] of ports.entries()) {
    t.equal(await talk({ host: '127.0.0.1', port }), `${port}`);
    t.match(await events.record(i), { backend: `127.0.0.2:${port}` });
  }
});

t.test('a port that is taken: said plainly, and nothing else listens', async (t) => {
  const [free = 0, other = 0] = await freePorts(2);
  const holder = await startServer(t, echo);
  const backends = [backendSpec('n', holder.port)];
  const named = (name: string, port: number) => ({ name, listen: [tcp('127.0.0.1', port)], backends });
  const taken = new RegExp(`127\\.0\\.0\\.1:${holder.port}: the port is taken .*sport = :${holder.port}"`);
  await t.rejects(startBalancer(t, [named('a', free), named('b', holder.port), named('c', other)]), { message: taken });
  for (const port of [free, other]) t.equal(await talk({ host: '127.0.0.1', port }), '(ECONNREFUSED)');
  await t.rejects(
    startBalancer(t, [{ name: 'several', listen: [tcp('127.0.0.1', free), tcp('127.0.0.1', holder.port)], backends }]),
    { message: taken },
  );
  t.equal(await talk({ host: '127.0.0.1', port: free }), '(ECONNREFUSED)');
  await t.rejects(startBalancer(t, [named('a', holder.port), named('b', holder.port)]), {
    message: /port is taken.*\n.*port is taken/s,
  });
  t.equal(await talk({ host: '127.0.0.1', port: holder.port }), 'word', 'its holder is not disturbed');
});

t.test('other reasons', async (t) => {
  await t.rejects(started(t, [tcp('192.0.2.1', 21_999)]), {
    code: 'EADDRNOTAVAIL',
    message: /192\.0\.2\.1:21999: this machine does not hold the address.*FreeBind/,
  });
  await t.rejects(started(t, [{ kind: 'systemd', name: 'https' }], { inherited: new Map([['systemd:http', 3]]) }), {
    message: /systemd:https: systemd passed: http; .*FileDescriptorName=https/,
  });
  await t.rejects(started(t, [{ kind: 'systemd', name: 'https' }]), { message: /systemd passed no sockets/ });
});

const PRIVILEGED = 81;
const unprivileged = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
const everyoneMay = unprivileged <= PRIVILEGED && 'every port is unprivileged here';

t.test('a port that needs a privilege', { skip: everyoneMay }, async (t) => {
  const isRoot = process.geteuid?.() === 0;
  // Root may; the effective user of this whole process is another one for a moment.
  if (isRoot) process.seteuid?.(65_534);
  try {
    await t.rejects(started(t, [tcp('127.0.0.1', PRIVILEGED)]), {
      code: 'EACCES',
      message: /127\.0\.0\.1:81: ports below 1024 need CAP_NET_BIND_SERVICE/,
    });
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});

for (const sockets of SOCKET_WAYS) {
  t.test(`${sockets.kind}: an accept that fails is told, and the next one works`, async (t) => {
    const { events, port } = await started(t, [tcp('127.0.0.1')], { sockets });
    // What the kernel says when it has no memory for a socket, put into Node's own mouth.
    failAccept(port());
    await until(() => events.notices.length > 0, 'a notice');
    t.match(events.notices, [/^cannot accept on 127\.0\.0\.1:0: accept ENOMEM/]);
    t.equal(await talk({ host: '127.0.0.1', port: port() }), 'word');
  });
}

function failAccept(port: number): void {
  const ENOMEM = -12;
  const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles(): unknown[] };
  for (const handle of handles.call(process)) {
    const server = handle as { address?(): { port?: number } | null; _handle?: { onconnection(status: number): void } };
    const { _handle: inner } = server;
    if (typeof inner?.onconnection === 'function' && server.address?.()?.port === port) inner.onconnection(ENOMEM);
  }
}
