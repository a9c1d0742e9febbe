// What clients do with their hellos: only a node that failed a hello which another one answered is asked how it is.

import t, { type Test } from 'tap';
import { EarlyData, keptHelloBytes, MOST_KEPT } from '../../src/net/early-data.ts';
import { backendSpec, configWith, type ServicePatch, startBalancer } from '../fixtures/balancer.ts';
import { healthConfig } from '../fixtures/health-config.ts';
import { manualClock } from '../fixtures/manual-clock.ts';
import { afterHello, echo, fin, type Script, say, scriptedBackend, silent } from '../fixtures/scripted-backend.ts';
import { SOCKET_WAYS } from '../fixtures/sockets.ts';
import { startClient } from '../fixtures/tcp.ts';
import { helloMessage, inRecords } from '../fixtures/tls-hello.ts';
import { until } from '../fixtures/until.ts';
import { Watched } from '../fixtures/watched.ts';

const HELLO = inRecords(helloMessage({ extensions: [] }), [1000]);
const UNWANTED = Buffer.from('unwanted');
const HOSTILE = inRecords(helloMessage({ session: UNWANTED, extensions: [] }), [1000]);
const ANSWER = Buffer.from('16030300024142', 'hex');
const answers = afterHello(say(ANSWER, echo));
/** Closes on hellos that no node likes, and answers others. */
const picky: Script = afterHello((visit) => {
  if (visit.received().includes(UNWANTED)) fin(visit);
  else say(ANSWER, echo)(visit);
});
/** Probes an hour apart: any other one was asked for. */
const health = healthConfig({ intervalMs: 3_600_000, fastIntervalMs: 1000 });

/** Backends in this order of preference (all but the first are backups), each probed once. */
async function before(t: Test, scripts: readonly Script[], patch: ServicePatch = {}) {
  const clock = manualClock();
  const backends = await Promise.all(scripts.map((script) => scriptedBackend(t, script)));
  const specs = backends.map(({ port }, i) => backendSpec(`n${i + 1}`, port, { backup: i > 0 }));
  const sockets = SOCKET_WAYS.find(({ kind }) => kind === 'raw');
  const service = { waitForClient: true, handshakeFailover: true, health, backends: specs, ...patch };
  const running = await startBalancer(t, [service], { clock, ...(sockets === undefined ? {} : { sockets }) });
  const { events, balancer, port } = running;
  /** Another file is in effect, with these of the backends. */
  const reload = (nodes: readonly string[]) =>
    balancer.apply(configWith([{ ...service, backends: specs.filter(({ node }) => nodes.includes(node)) }]));
  await clock.advance(100);
  await until(() => events.probes.length === scripts.length, 'the first probes');
  // The next one may come after the fast interval.
  await clock.advance(1000);
  const connect = async (localAddress = '127.0.0.1') => new Watched(await startClient(t, port(), { localAddress }));
  const phases = (phase: string) => [...balancer.sessions].filter((session) => session.phase === phase).length;
  return { ...running, clock, backends, connect, phases, reload };
}

t.test('a node that failed a hello which another one answered is asked at once, and its probe decides', async (t) => {
  const { events, clock, connect } = await before(t, [afterHello(fin), answers]);
  const served = async (from: string) => {
    const client = await connect(from);
    client.socket.write(HELLO);
    await client.heard(ANSWER.length);
    client.socket.destroy();
  };
  const asked = () => events.probes.slice(2);
  await served('127.0.0.1');
  await clock.advance(1000);
  await until(() => asked().length === 1, 'the probe');
  t.same(asked(), ['n1']);
  for (let i = 0; i < 3; i++) {
    await served('127.0.0.1');
    await clock.advance(2000);
  }
  t.equal(asked().length, 1, 'a client is heard once in an interval');
  await served('127.0.0.2');
  await clock.advance(2000);
  await until(() => asked().length === 2, 'the probe');
  t.same(asked(), ['n1', 'n1'], 'another client is heard too');
  t.same(events.failovers, Array(5).fill('n1'));
  t.same(events.flips, [], 'the node answers its probes: it stays');
});

t.test('a node that reloads take away and bring back is asked anew at the word of the same client', async (t) => {
  const { events, clock, connect, reload } = await before(t, [afterHello(fin), answers]);
  const asked = () => events.probes.filter((node) => node === 'n1').length;
  const complaint = async () => {
    const [before, client] = [asked(), await connect()];
    client.socket.write(HELLO);
    await client.heard(ANSWER.length);
    client.socket.destroy();
    await clock.advance(1000);
    await until(() => asked() === before + 1, 'the probe');
  };
  await complaint();
  await reload(['n2']);
  await reload(['n1', 'n2']);
  await clock.advance(100);
  await until(() => asked() === 3, 'its first probe');
  await clock.advance(1000);
  await complaint();
  t.same(events.failovers, ['n1', 'n1']);
});

t.test('passive: false asks for nothing', async (t) => {
  const { events, clock, connect } = await before(t, [afterHello(fin), answers], { passive: false });
  const client = await connect();
  client.socket.write(HELLO);
  await client.heard(ANSWER.length);
  await clock.advance(5000);
  t.equal(events.probes.length, 2);
});

t.test('a hello that no node answers blames nobody', async (t) => {
  const { events, clock, connect } = await before(t, [picky, picky, picky]);
  for (let i = 0; i < 5; i++) {
    const client = await connect(`127.0.0.${i + 1}`);
    client.socket.write(HOSTILE);
    t.equal(await client.something(), 'fin');
  }
  await clock.advance(5000);
  t.equal(events.probes.length, 3, 'only the first ones');
  t.match(await events.record(4), { end: 'handshake-failed', retries: 2 });
});

t.test(
  'at most ten sessions of a small service are in failover at once; the others stay with their node',
  async (t) => {
    const { events, backends, clock, connect, phases } = await before(t, [silent, silent]);
    const [first, second] = backends;
    const clients = await Promise.all(Array.from({ length: 14 }, () => connect()));
    for (const { socket } of clients) socket.write(HELLO);
    await until(() => phases('handshake') === 14, 'all handshakes');
    const probes = first?.visits.length ?? 0;
    await clock.advance(10_100);
    await until(() => second?.visits.length === 11, 'ten at the second node, and a probe');
    t.equal(phases('handshake'), 10);
    t.equal(phases('relay'), 4, 'as if there were no failover');
    t.equal(events.failovers.length, 10);
    // Their node answers late, and they are served.
    for (const visit of first?.visits ?? []) visit.socket.write(ANSWER);
    for (const visit of second?.visits ?? []) visit.socket.write(ANSWER);
    for (const client of clients) await client.heard(ANSWER.length);
    t.equal(first?.visits.length, probes, 'nobody was dialled twice');
    // The ten have given their turns back.
    const next = await connect();
    next.socket.write(HELLO);
    await until(() => phases('handshake') === 1, 'its handshake');
    await clock.advance(10_100);
    await until(() => events.failovers.length === 11, 'one more in failover');
  },
);

t.test('or a fifth of its sessions, where that is more', async (t) => {
  const { events, clock, connect, phases } = await before(t, [silent, silent]);
  const clients = await Promise.all(Array.from({ length: 100 }, () => connect()));
  for (const { socket } of clients) socket.write(HELLO);
  await until(() => phases('handshake') === 100, 'all handshakes');
  await clock.advance(10_100);
  await until(() => phases('handshake') === 20, '20 in failover');
  t.equal(events.failovers.length, 20);
});

t.test('kept hellos are bounded, the parts of hellos included; over the bound there is no failover', async (t) => {
  const { backends, connect, events } = await before(t, [afterHello(fin), answers]);
  t.equal(keptHelloBytes(), 0);
  const others = new EarlyData();
  others.expectHello();
  for (let i = 0; i <= 64; i++) others.add(Buffer.alloc(1 << 20));
  t.ok(keptHelloBytes() > MOST_KEPT);
  const client = await connect();
  client.socket.write(HELLO.subarray(0, 20));
  const [, visit] = await Promise.all([
    until(() => (backends[0]?.visits.length ?? 0) > 1, 'a dial'),
    backends[0]?.visit(1),
  ]);
  t.pass('a part of a hello is not kept but relayed');
  client.socket.write(HELLO.subarray(20));
  t.equal(await client.something(), 'fin', 'and its node has the last word');
  client.socket.end();
  t.match(await events.record(), { end: 'completed', endedBy: 'backend', node: 'n1', retries: 0 });
  t.same(visit?.received(), HELLO);
  others.forget();
  t.equal(keptHelloBytes(), 0);
  const next = await connect();
  next.socket.write(HELLO);
  await next.heard(ANSWER.length);
  t.equal(keptHelloBytes(), 0, 'nothing is kept of a hello that was answered');
});

t.test('1,000 partial, silent and hostile hellos', async (t) => {
  // No timer runs in it: whoever is served, is served without waiting for one.
  const { balancer, backends, clock, connect, events } = await before(t, [picky, picky, picky]);
  const kinds: readonly (readonly [what: string, bytes: Buffer])[] = [
    ['silent', Buffer.alloc(0)],
    ['partial', HELLO.subarray(0, 30)],
    ['hostile', HOSTILE],
    ['garbage', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['hostile, and gone', HOSTILE],
  ];
  const hostile = Array.from({ length: 1000 }, async (_, i) => {
    const [what, bytes] = kinds[i % kinds.length] ?? ['', Buffer.alloc(0)];
    const client = await connect(`127.0.${i % 250}.${1 + Math.floor(i / 250)}`);
    if (bytes.length > 0) client.socket.write(bytes);
    if (what.endsWith('gone')) client.socket.resetAndDestroy();
    return { what, client };
  });
  const honest = Array.from({ length: 50 }, async () => {
    const client = await connect('127.0.0.250');
    client.socket.write(HELLO);
    await client.heard(ANSWER.length);
    client.socket.end();
  });
  await Promise.all(honest);
  const strangers = await Promise.all(hostile);
  await until(() => events.records.length >= 450, 'hostile and honest ones have ended');
  await clock.advance(4000);
  const own = events.records.filter(({ client }) => client.startsWith('127.0.0.250:'));
  t.equal(own.filter(({ end, bytesOut }) => end === 'completed' && bytesOut === ANSWER.length).length, 50);
  t.same(events.flips, []);
  t.equal(events.probes.length, 3, 'nobody was even asked');
  await clock.advance(30_000);
  for (const { what, client } of strangers) if (what === 'garbage') client.socket.resetAndDestroy();
  await balancer.sessions.whenEmpty();
  t.equal(events.records.length, 1050, 'a record each');
  const dials = backends.reduce((sum, { visits }) => sum + visits.length, 0) - 3;
  const most = 50 + 3 * 400 + 200;
  t.comment(`${dials} dials for 1,050 sessions`);
  t.ok(dials <= most, `${dials} of at most ${most} dials: none for the silent and the partial`);
  t.equal(keptHelloBytes(), 0);
});
