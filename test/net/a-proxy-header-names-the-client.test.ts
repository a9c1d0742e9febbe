// PROXY headers through the whole of a session: who is taken for the client, what the nodes are told, and who is refused.

import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createBalancer } from '../../src/balancer/strategies.ts';
import { encodeV1, encodeV2, parseProxyHeader } from '../../src/net/proxy-protocol.ts';
import { backendSpec, type ServicePatch, serviceConfig, startBalancer } from '../fixtures/balancer.ts';
import { candidates, hashConfig, ipv4, ipv6 } from '../fixtures/candidates.ts';
import { findHaproxy, freePorts, startHaproxy } from '../fixtures/real-haproxy.ts';
import { say, scriptedBackend, silent } from '../fixtures/scripted-backend.ts';
import { SOCKET_WAYS } from '../fixtures/sockets.ts';
import { closedPort, echo, knock, readAll, startClient, startServer } from '../fixtures/tcp.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';
import { nodeHello } from '../fixtures/tls-hello.ts';
import { Watched } from '../fixtures/watched.ts';

const LOOPBACK = ['127.0.0.0/8'];
const TAKES = { proxyProtocol: { accept: LOOPBACK, send: false } } satisfies ServicePatch;
const PAIR = {
  source: { address: '192.0.2.7', port: 40_000 },
  destination: { address: '198.51.100.1', port: 443 },
};
const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const TOO_LONG = Buffer.concat([SIGNATURE, Buffer.from('2111', 'hex'), Buffer.from([0x20, 0]), Buffer.alloc(5000)]);

async function behind(t: Test, patch: ServicePatch) {
  const backend = await startServer(t, echo);
  const running = await startBalancer(t, [{ backends: [backendSpec('n', backend.port)], ...patch }]);
  const come = async () => new Watched(await startClient(t, running.port()));
  return { ...running, backend, come };
}

/** One write after the other, each a packet of its own. */
async function inPieces(socket: Socket, bytes: Buffer, size: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += size) {
    await new Promise((resolve) => socket.write(bytes.subarray(at, at + size), () => setImmediate(resolve)));
  }
}

for (const sockets of SOCKET_WAYS) {
  t.test(`${sockets.kind}: headers in every shape, and what follows them is the client's`, async (t) => {
    const backend = await startServer(t, echo);
    const { events, port } = await startBalancer(t, [{ ...TAKES, backends: [backendSpec('n', backend.port)] }], {
      sockets,
    });
    const headers = {
      v1: encodeV1(PAIR),
      v2: encodeV2(PAIR),
      'v2 with values': withValues(encodeV2(PAIR), 3000),
    };
    for (const [what, header] of Object.entries(headers)) {
      for (const size of [1, 11, 1_000_000]) {
        const client = await startClient(t, port());
        const peer = `127.0.0.1:${client.localPort}`;
        const before = events.records.length;
        const heard = readAll(client);
        await inPieces(client, Buffer.concat([header, Buffer.from('PROXY, said the client')]), size);
        client.end();
        t.equal((await heard).bytes.toString(), 'PROXY, said the client', `${what} in pieces of ${size}`);
        t.match(await events.record(before), { client: '192.0.2.7:40000', peer, bytesIn: 22, end: 'completed' });
      }
    }
  });
}

function withValues(header: Buffer, size: number): Buffer {
  const value = Buffer.concat([Buffer.from([0xe0, size >> 8, size & 0xff]), Buffer.alloc(size)]);
  const whole = Buffer.concat([header, value]);
  whole.writeUInt16BE(whole.length - 16, 14);
  return whole;
}

t.test('LOCAL and UNKNOWN name nobody: the peer speaks for itself', async (t) => {
  const { come, events } = await behind(t, TAKES);
  for (const header of [encodeV1('unknown'), encodeV2('local')]) {
    const client = await come();
    const peer = `127.0.0.1:${client.socket.localPort}`;
    const before = events.records.length;
    client.socket.end(Buffer.concat([header, Buffer.from('x')]));
    await client.heard(1);
    const record = await events.record(before);
    t.match(record, { client: peer, end: 'completed' });
    t.equal(record.peer, undefined);
  }
});

t.test('what is no header, or too long, is refused, and nothing is dialled', async (t) => {
  const { backend, come, events } = await behind(t, TAKES);
  const bad = {
    'a request': Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    'a line without an end': Buffer.from(`PROXY TCP4 ${'1'.repeat(200)}`),
    'a wrong address': Buffer.from('PROXY TCP4 192.0.2.300 192.0.2.1 1 2\r\n'),
    'a header of 8 kB': TOO_LONG,
    'a wrong version': Buffer.concat([SIGNATURE, Buffer.from('3111000c', 'hex'), Buffer.alloc(12)]),
    'a header cut off': encodeV2(PAIR).subarray(0, 20),
  };
  for (const [what, bytes] of Object.entries(bad)) {
    const client = await come();
    const before = events.records.length;
    client.socket.end(bytes);
    t.equal(await client.something(), 'rst', what);
    t.match(await events.record(before), { end: 'bad-proxy-header', flags: 'PR', phase: 'header' });
  }
  t.equal(backend.sockets.length, 0);
});

t.test('a peer that may not send one', async (t) => {
  const { backend, come, events } = await behind(t, {
    proxyProtocol: { accept: ['192.0.2.0/24'], send: false },
  });
  for (const bytes of [encodeV1(PAIR), encodeV2(PAIR), TOO_LONG, Buffer.from('PROXY nonsense')]) {
    for (const size of [1_000_000, 3]) {
      const client = await come();
      const before = events.records.length;
      // Only as much as it takes to know it.
      await inPieces(client.socket, bytes.subarray(0, 20), size);
      t.equal(await client.something(), 'rst');
      t.match(await events.record(before), { end: 'bad-proxy-header', phase: 'wait' });
    }
  }
  t.equal(backend.sockets.length, 0);
  for (const text of ['PROX', 'PROPER', '\r\n\r\n\0\r\nQUIT?', 'x']) {
    for (const size of [1, 100]) {
      const client = await come();
      const before = events.records.length;
      await inPieces(client.socket, Buffer.from(text), size);
      client.socket.end();
      await client.something();
      t.equal(client.bytes.toString(), text, 'what only begins like one is relayed');
      t.match(await events.record(before), { end: 'completed', bytesIn: text.length });
    }
  }
});

t.test('a service that takes no headers relays them as anything else', async (t) => {
  const { come } = await behind(t, {});
  const client = await come();
  client.socket.end(encodeV1(PAIR));
  await client.something();
  t.same(client.bytes, encodeV1(PAIR));
});

t.test('the hash sees whom the header names', async (t) => {
  const names = ['n1', 'n2', 'n3'];
  const backends = await Promise.all(names.map(() => startServer(t, echo)));
  const balance = { strategy: 'source', hash: hashConfig() } as const;
  const specs = backends.map(({ port }, i) => backendSpec(names[i] ?? '', port));
  const { events, port } = await startBalancer(t, [{ ...TAKES, balance, backends: specs }]);
  const config = serviceConfig({ balance, backends: specs });
  const expected = createBalancer(config.balance, config.backends);
  const nodes = candidates({ n1: 1, n2: 1, n3: 1 });
  for (const address of [...Array(10).keys()].flatMap((i) => [ipv4(i), ipv6(i)])) {
    const destination = { address: address.includes(':') ? '2001:db8::1' : '192.0.2.1', port: 443 };
    const client = new Watched(await startClient(t, port()));
    const before = events.records.length;
    const header = encodeV2({ source: { address, port: 1 }, destination });
    client.socket.end(Buffer.concat([header, Buffer.from('x')]));
    await client.something();
    t.equal((await events.record(before)).node, expected.pick(nodes, address)?.node, address);
  }
});

t.test('the limits of the process and the service come before any header', async (t) => {
  const { come, events, port } = await behind(t, { ...TAKES, maxSessions: 1 });
  await come();
  t.equal((await knock(t, port())).how, 'rst');
  t.match(await events.record(), { end: 'refused', flags: 'RC', client: /^127\.0\.0\.1:/, peer: undefined });
});

t.test('what the nodes are told', async (t) => {
  for (const send of ['v1', 'v2'] as const) {
    const { backend, come, port } = await behind(t, { proxyProtocol: { accept: [], send } });
    const client = await come();
    const { localPort = 0 } = client.socket;
    client.socket.end('x');
    await client.something();
    const told = parseProxyHeader(client.bytes);
    t.match(told, {
      kind: 'header',
      source: { address: '127.0.0.1', port: localPort },
      destination: { address: '127.0.0.1', port: port() },
    });
    t.equal(client.bytes.subarray(told.kind === 'header' ? told.length : 0).toString(), 'x');
    t.equal(backend.sockets.length, 1);
  }
});

t.test('a header that came is passed on, with the addresses it has', async (t) => {
  const { come, events } = await behind(t, { proxyProtocol: { accept: LOOPBACK, send: 'v2' } });
  const client = await come();
  client.socket.end(Buffer.concat([encodeV1(PAIR), Buffer.from('x')]));
  await client.something();
  t.same(client.bytes, Buffer.concat([encodeV2(PAIR), Buffer.from('x')]));
  t.match(await events.record(), { bytesIn: 1, client: '192.0.2.7:40000' });
});

t.test('a client on a Unix socket has no address: LOCAL, UNKNOWN', async (t) => {
  const folder = temporaryFolder(t);
  for (const [send, header] of [
    ['v1', encodeV1('unknown')],
    ['v2', encodeV2('local')],
  ] as const) {
    const path = join(folder, send);
    const { events } = await behind(t, { listen: [{ kind: 'unix', path }], proxyProtocol: { accept: [], send } });
    const socket = connect({ path, allowHalfOpen: true });
    const heard = readAll(socket);
    socket.end('x');
    t.same((await heard).bytes, Buffer.concat([header, Buffer.from('x')]));
    t.match(await events.record(), { client: '', end: 'completed' });
  }
});

t.test('every node that is tried is told', async (t) => {
  const hello = await nodeHello();
  const bad = await scriptedBackend(t, silent);
  const good = await scriptedBackend(t, (visit) =>
    visit.read(
      (r) => r.length > hello.length,
      () => say('!')(visit),
    ),
  );
  const { port, events } = await startBalancer(t, [
    {
      waitForClient: true,
      handshakeFailover: true,
      proxyProtocol: { accept: [], send: 'v1' },
      backends: [
        backendSpec('refuses', await closedPort()),
        backendSpec('bad', bad.port, { backup: true }),
        backendSpec('good', good.port, { backup: true }),
      ],
    },
  ]);
  const client = new Watched(await startClient(t, port()));
  client.socket.write(hello);
  await (await bad.visit()).until(hello.length + 1);
  bad.visits[0]?.socket.end();
  await client.heard(1);
  const told = good.visits[0]?.received() ?? Buffer.alloc(0);
  t.match(told.toString('latin1'), /^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+\r\n/);
  t.same(told, bad.visits[0]?.received());
  t.ok(told.subarray(-hello.length).equals(hello));
  client.socket.resetAndDestroy();
  t.match(await events.record(), { node: 'good', retries: 2 });
});

const haproxy = findHaproxy();

t.test('HAProxy before us and behind us', { skip: haproxy === undefined && 'haproxy is not installed' }, async (t) => {
  if (haproxy === undefined) return;
  for (const [sends, send, takes] of [
    ['send-proxy', 'v2', 'accept-proxy'],
    ['send-proxy-v2', 'v1', 'accept-proxy'],
  ] as const) {
    const [entry = 0, echoPort = 0] = await freePorts(2);
    const { port, events } = await startBalancer(t, [
      { proxyProtocol: { accept: LOOPBACK, send }, backends: [backendSpec('haproxy', echoPort)] },
    ]);
    await startHaproxy(
      t,
      haproxy,
      `
defaults
  timeout connect 5s
  timeout client 20s
  timeout server 20s
listen entry
  mode tcp
  bind 127.0.0.1:${entry}
  server us 127.0.0.1:${port()} ${sends}
frontend echo
  mode http
  bind 127.0.0.1:${echoPort} ${takes}
  http-request return status 200 content-type text/plain lf-string "%[src] %[src_port] %[dst] %[dst_port]"
`,
      entry,
    );
    const client = new Watched(await startClient(t, entry, { localAddress: '127.0.0.9' }));
    const { localPort } = client.socket;
    client.socket.write('GET / HTTP/1.0\r\n\r\n');
    await client.something();
    t.match(
      client.bytes.toString(),
      new RegExp(`\r\n\r\n127\\.0\\.0\\.9 ${localPort} 127\\.0\\.0\\.1 ${entry}$`),
      sends,
    );
    client.socket.end();
    const mine = () => events.records.find((record) => record.client === `127.0.0.9:${localPort}`);
    await events.until(() => mine() !== undefined);
    t.match(mine()?.peer, /^127\.0\.0\.1:/);
  }
});
