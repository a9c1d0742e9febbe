import type { Socket } from 'node:net';
import t, { type Test } from 'tap';
import { keptHelloBytes } from '../../src/net/early-data.ts';
import type { Session } from '../../src/net/session.ts';
import { backendSpec, type ServicePatch, startBalancer } from '../fixtures/balancer.ts';
import { frozenServer } from '../fixtures/frozen-server.ts';
import { manualClock } from '../fixtures/manual-clock.ts';
import {
  ALERT,
  afterHello,
  echo,
  fin,
  HALF_RECORD,
  rst,
  type ScriptedBackend,
  say,
  scriptedBackend,
  silent,
  UNABLE,
} from '../fixtures/scripted-backend.ts';
import { silentPort } from '../fixtures/silent-port.ts';
import { SOCKET_WAYS } from '../fixtures/sockets.ts';
import { startClient } from '../fixtures/tcp.ts';
import { helloMessage, inRecords, manyProtocols, nodeHello } from '../fixtures/tls-hello.ts';
import { until } from '../fixtures/until.ts';
import { Watched } from '../fixtures/watched.ts';

const TLS = { waitForClient: true, handshakeFailover: true } satisfies ServicePatch;
const HELLO = await nodeHello({ servername: 'smartproxy.example.net' });
const ANSWER = Buffer.from('16030300024142', 'hex');
const answers = afterHello(say(ANSWER, echo));

/** Backends in this order of preference: all but the first are backups. */
async function before(t: Test, backends: readonly { readonly port: number }[], patch: ServicePatch = {}) {
  const clock = manualClock();
  const specs = backends.map(({ port }, i) => backendSpec(`n${i + 1}`, port, { backup: i > 0 }));
  const [, sockets = SOCKET_WAYS[0]] = SOCKET_WAYS;
  const running = await startBalancer(t, [{ ...TLS, backends: specs, ...patch }], {
    clock,
    ...(sockets && { sockets }),
  });
  const client = new Watched(await startClient(t, running.port()));
  const { balancer } = running;
  await until(() => balancer.sessions.size === 1, 'the session');
  return { ...running, clock, client, session: [...balancer.sessions][0] as Session };
}

/** Waits until a backend has so many bytes of its first connection. */
async function received(backend: ScriptedBackend, bytes: number): Promise<Buffer> {
  const visit = await backend.visit();
  await visit.until(bytes);
  return visit.received();
}

function write(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => socket.write(bytes, () => setImmediate(resolve)));
}

for (const [what, script] of Object.entries(UNABLE)) {
  t.test(`a node that ${what}`, async (t) => {
    const bad = await scriptedBackend(t, script);
    const good = await scriptedBackend(t, answers);
    const { client, clock, events, session } = await before(t, [bad, good]);
    client.socket.write(HELLO);
    if (what.includes('never')) {
      await until(() => session.phase === 'handshake', 'the handshake');
      await clock.advance(9900);
      t.equal(good.visits.length, 0, 'it has its time');
      await clock.advance(200);
    }
    await client.heard(ANSWER.length);
    t.same(client.bytes, ANSWER);
    client.socket.end('more');
    await client.something();
    const record = await events.record();
    t.match(record, { end: 'completed', endedBy: 'client', node: 'n2', retries: 1, phase: 'relay' });
    t.equal(record.bytesIn, HELLO.length + 4, 'what went to the first node is not counted twice');
    t.same(
      good.visits.map((visit) => visit.received()),
      [Buffer.concat([HELLO, Buffer.from('more')])],
    );
    t.equal(bad.visits.length, 1);
  });
}

t.test('a node that is frozen: its kernel connects, and nobody is there', async (t) => {
  const frozen = await frozenServer(16);
  t.teardown(() => frozen.close());
  const good = await scriptedBackend(t, answers);
  const { client, clock, events, session } = await before(t, [frozen, good]);
  client.socket.write(HELLO);
  await until(() => session.phase === 'handshake', 'the handshake');
  await clock.advance(10_100);
  await client.heard(ANSWER.length);
  client.socket.end();
  t.match(await events.record(), { end: 'completed', node: 'n2', retries: 1 });
});

for (const [what, bytes] of [
  ['sends an alert', ALERT],
  ['sends half a record', HALF_RECORD],
] as const) {
  t.test(`a node that ${what} has answered: the client gets that, and nobody else is asked`, async (t) => {
    const first = await scriptedBackend(t, afterHello(say(bytes, fin)));
    const second = await scriptedBackend(t, answers);
    const { client, events } = await before(t, [first, second]);
    client.socket.write(HELLO);
    t.equal(await client.something(), 'fin');
    client.socket.end();
    t.same(client.bytes, bytes);
    t.match(await events.record(), { end: 'completed', endedBy: 'backend', node: 'n1', retries: 0 });
    t.equal(second.visits.length, 0);
  });
}

t.test('a hello comes whole to the next node, whatever its size and however it was cut', async (t) => {
  const hellos = {
    'byte by byte': [HELLO, 1],
    'in many packets': [HELLO, 37],
    'larger than one record': [await nodeHello({ ALPNProtocols: manyProtocols(20_000) }), 1000],
    'almost 64 kB': [await nodeHello({ ALPNProtocols: manyProtocols(60_000) }), 30_000],
  } as const;
  for (const [what, [hello, size]] of Object.entries(hellos)) {
    t.test(what, async (t) => {
      const good = await scriptedBackend(t, answers);
      const bad = await scriptedBackend(t, afterHello(fin));
      const { client, events } = await before(t, [bad, good]);
      for (let at = 0; at < hello.length; at += size) await write(client.socket, hello.subarray(at, at + size));
      await client.heard(ANSWER.length);
      client.socket.end();
      t.match(await events.record(), { end: 'completed', node: 'n2', retries: 1 });
      t.ok(good.visits[0]?.received().equals(hello));
    });
  }
});

t.test('what is no hello alone is relayed as it is, to one node', async (t) => {
  const early = inRecords(helloMessage({ extensions: [[42, Buffer.alloc(0)]] }), [1000]);
  const things = {
    'early data': Buffer.concat([early, Buffer.alloc(100, 1)]),
    'a hello that only offers early data': early,
    'data in the packet of the hello': Buffer.concat([HELLO, Buffer.from('more')]),
    'no TLS': Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    '64 kB of garbage': Buffer.alloc(65_536, 0xee),
    '64 kB that begin like a hello': Buffer.concat([HELLO.subarray(0, 40), Buffer.alloc(65_536, 0xee)]),
    'a hello that says it is larger than 64 kB': Buffer.concat([
      Buffer.from('1603014000', 'hex'),
      Buffer.from('01010000', 'hex'),
      Buffer.alloc(50_000),
    ]),
  };
  for (const [what, bytes] of Object.entries(things)) {
    t.test(what, async (t) => {
      const first = await scriptedBackend(t, silent);
      const second = await scriptedBackend(t, answers);
      const { client, events, session } = await before(t, [first, second]);
      client.socket.write(bytes);
      t.ok((await received(first, bytes.length)).equals(bytes), 'all of it, and nothing else');
      t.equal(session.phase, 'relay');
      first.visits[0]?.socket.resetAndDestroy();
      t.equal(await client.something(), 'rst');
      t.match(await events.record(), { end: 'backend-reset', node: 'n1', retries: 0, bytesIn: bytes.length });
      t.equal(second.visits.length, 0);
    });
  }
});

t.test('a client that says more before it is answered has bound itself to that node', async (t) => {
  const first = await scriptedBackend(t, silent);
  const second = await scriptedBackend(t, answers);
  const { client, events, session } = await before(t, [first, second]);
  client.socket.write(HELLO);
  await until(() => session.phase === 'handshake', 'the handshake');
  client.socket.write('more');
  t.ok((await received(first, HELLO.length + 4)).equals(Buffer.concat([HELLO, Buffer.from('more')])));
  first.visits[0]?.socket.resetAndDestroy();
  t.equal(await client.something(), 'rst');
  t.match(await events.record(), { end: 'backend-reset', node: 'n1', phase: 'relay', retries: 0 });
  t.equal(second.visits.length, 0);
});

t.test('or before it has a node at all', async (t) => {
  const second = await scriptedBackend(t, afterHello(fin));
  const third = await scriptedBackend(t, answers);
  const { client, clock, events, session } = await before(t, [{ port: await silentPort(t) }, second, third]);
  client.socket.write(HELLO);
  await until(() => session.phase === 'dial', 'the dial');
  client.socket.write('more');
  await until(() => keptHelloBytes() === HELLO.length + 4, 'both read');
  await clock.advance(2100);
  t.equal(await client.something(), 'fin');
  client.socket.end();
  t.match(await events.record(), { end: 'completed', endedBy: 'backend', node: 'n2', retries: 1 });
  t.same((await second.visit()).received(), Buffer.concat([HELLO, Buffer.from('more')]));
  t.equal(third.visits.length, 0);
  t.equal(keptHelloBytes(), 0);
});

t.test('a hello cut off by a FIN is relayed with its FIN', async (t) => {
  const first = await scriptedBackend(t, silent);
  const second = await scriptedBackend(t, answers);
  const { client, events } = await before(t, [first, second]);
  client.socket.end(HELLO.subarray(0, 100));
  t.equal(await (await first.visit()).ended, 'fin');
  first.visits[0]?.socket.end();
  t.equal(await client.something(), 'fin');
  t.match(await events.record(), { end: 'completed', node: 'n1', bytesIn: 100 });
  t.equal(second.visits.length, 0);
});

t.test('one byte a second: the first-byte timeout is over the whole hello', async (t) => {
  const first = await scriptedBackend(t, answers);
  const { client, clock, events, session } = await before(t, [first]);
  for (let second = 0; second < 29; second++) {
    await write(client.socket, HELLO.subarray(second, second + 1));
    await clock.advance(1000);
  }
  t.equal(session.phase, 'wait');
  await clock.advance(1100);
  t.equal(await client.something(), 'fin');
  t.match(await events.record(), { end: 'first-byte-timeout', phase: 'wait', flags: 'cR' });
  t.equal(first.visits.length, 0, 'nothing was dialled');
});

t.test(
  'no node answers: each is asked once, as far as `retries` go, and the client sees what the last one did',
  async (t) => {
    const nodes = await Promise.all([fin, fin, rst, fin].map((script) => scriptedBackend(t, afterHello(script))));
    const { client, events } = await before(t, nodes, { retries: 2 });
    client.socket.write(HELLO);
    t.equal(await client.something(), 'rst');
    t.match(await events.record(), {
      end: 'handshake-failed',
      endedBy: 'backend',
      node: 'n3',
      retries: 2,
      flags: 'SD',
    });
    t.same(
      nodes.map((node) => node.visits.length),
      [1, 1, 1, 0],
    );
  },
);

t.test('nodes that do not answer and nodes that refuse: it was not the dials that failed', async (t) => {
  const closes = await scriptedBackend(t, afterHello(fin));
  const { client, events } = await before(t, [closes, { port: 1 }]);
  client.socket.write(HELLO);
  t.equal(await client.something(), 'fin');
  t.match(await events.record(), { end: 'handshake-failed', node: 'n2', retries: 1 });
});

t.test('`establish` is over all dials and handshakes', async (t) => {
  const nodes = await Promise.all([silent, silent, answers].map((script) => scriptedBackend(t, script)));
  const { client, clock, events, session } = await before(t, nodes);
  client.socket.write(HELLO);
  await until(() => session.phase === 'handshake', 'the handshake');
  await clock.advance(10_100);
  await until(() => session.facts.backend?.node === 'n2' && session.phase === 'handshake', 'the second handshake');
  await clock.advance(4900);
  t.equal(await client.something(), 'fin');
  t.match(await events.record(), { end: 'handshake-failed', node: 'n2', retries: 1 });
  t.equal(nodes[2]?.visits.length, 0);
});
