// `max_sessions_per_backend` and the queue: who waits for whom, in which order, and for how long.

import t, { type Test } from 'tap';
import type { BalanceConfig } from '../../src/config/config.ts';
import { keptHelloBytes, MOST_EARLY } from '../../src/net/early-data.ts';
import type { Session } from '../../src/net/session.ts';
import { backendSpec, configWith, type ServicePatch, startBalancer } from '../fixtures/balancer.ts';
import { healthConfig } from '../fixtures/health-config.ts';
import { healthNode } from '../fixtures/health-node.ts';
import { manualClock } from '../fixtures/manual-clock.ts';
import { HELLO } from '../fixtures/scene.ts';
import { scriptedBackend, silent } from '../fixtures/scripted-backend.ts';
import { silentPort } from '../fixtures/silent-port.ts';
import { echo, knock, seededBytes, startClient, startServer, type TestServer } from '../fixtures/tcp.ts';
import { until } from '../fixtures/until.ts';
import { Watched } from '../fixtures/watched.ts';

const SOURCE: BalanceConfig = {
  strategy: 'source',
  hash: { method: 'rendezvous', prefixV4: 32, prefixV6: 64, v4Mapped: false, bound: undefined },
};

/** A client whose session is known by its own address. */
interface Guest {
  readonly client: Watched;
  readonly session: Session;
}

/** Backends with one place each (so many, or these), on a clock that stands still. */
async function places(t: Test, nodes: number | readonly TestServer[], patch: ServicePatch = {}) {
  const clock = manualClock();
  const backends: TestServer[] = [];
  if (typeof nodes === 'number') for (let i = 0; i < nodes; i++) backends.push(await startServer(t, echo));
  else backends.push(...nodes);
  const specs = backends.map(({ port }, i) => backendSpec(`n${i + 1}`, port));
  const service = { maxSessionsPerBackend: 1, backends: specs, ...patch };
  const running = await startBalancer(t, [service], { clock });
  const { balancer, port } = running;
  const reload = (other: ServicePatch) => balancer.apply(configWith([{ ...service, ...other }]));
  const come = async (localAddress = '127.0.0.1'): Promise<Guest> => {
    const client = new Watched(await startClient(t, port(), { localAddress }));
    const name = `${localAddress}:${client.socket.localPort}`;
    const find = () => [...balancer.sessions].find((s) => s.clientName === name);
    await until(() => find() !== undefined, 'the session');
    return { client, session: find() as Session };
  };
  return { ...running, clock, backends, come, reload };
}

/** A client of `source` whose own node is another one than `node`, served there. */
async function elsewhere(come: (localAddress: string) => Promise<Guest>, node: string | undefined): Promise<Guest> {
  for (let i = 2; i < 250; i++) {
    const guest = await come(`127.0.0.${i}`);
    await until(() => guest.session.phase !== 'dial', 'a place or the queue');
    if (guest.session.phase !== 'queue' && (await served(guest)) !== node) return guest;
    await leave(guest);
  }
  throw new Error(`every client is ${node}'s`);
}

/** Nodes that probes ask over HTTP; nobody is late for an answer, and nobody waits too long for a place. */
const ASKED = {
  health: healthConfig({ type: 'http', timeoutMs: 3_600_000 }),
  timeouts: { queueMs: 3_600_000 },
} satisfies ServicePatch;

/** Lets time pass until so many changes of health have been told. */
async function flips({ clock, events }: Awaited<ReturnType<typeof places>>, count: number): Promise<void> {
  for (let i = 0; i < 600 && events.flips.length < count; i++) await clock.advance(500);
  await events.until(() => events.flips.length >= count);
}

/** Comes to be served. */
async function served({ client, session }: Guest): Promise<string | undefined> {
  client.socket.write('x');
  await client.heard(1);
  return session.facts.backend?.node;
}

function queued({ session }: Guest): Promise<void> {
  return until(() => session.phase === 'queue', `the queue, not ${session.phase}`);
}

async function leave({ client }: Guest): Promise<void> {
  client.socket.end();
  await client.something();
}

for (const strategy of ['roundrobin', 'leastconn', 'random'] as const) {
  t.test(`${strategy}: the next candidate, and the queue only when all are full`, async (t) => {
    const { come, balancer } = await places(t, 3, { balance: { strategy } });
    const first = [await come(), await come(), await come()];
    const nodes = [];
    for (const guest of first) nodes.push(await served(guest));
    t.same(nodes.sort(), ['n1', 'n2', 'n3'], 'one each');
    const [second, third] = [await come(), await come()];
    await queued(second);
    await queued(third);
    const [service] = balancer.snapshot();
    t.equal(service?.queued, 2);
    t.equal(service?.waiting, 2);
    const [leaver] = first.slice(1);
    if (leaver === undefined) return;
    await leave(leaver);
    t.equal(await served(second), leaver.session.facts.backend?.node, 'whoever waits longest gets the free place');
    t.equal(third.session.phase, 'queue');
    t.ok(second.session.facts.queueMs >= 0);
  });
}

t.test('first come, first served', async (t) => {
  const { come, events } = await places(t, 1);
  const guests = [await come()];
  for (let i = 0; i < 5; i++) {
    const guest = await come();
    await queued(guest);
    guests.push(guest);
  }
  const order: number[] = [];
  for (const [i, guest] of guests.entries()) {
    t.equal(await served(guest), 'n1');
    order.push(i);
    t.equal(guests.filter(({ session }) => session.phase === 'queue').length, guests.length - 1 - i);
    await leave(guest);
    await events.record(i);
  }
  t.same(
    events.records.map(({ session }) => session),
    guests.map(({ session }) => session.id),
  );
});

t.test('source waits for its own node, however free the others are', async (t) => {
  const { come, balancer } = await places(t, 3, { balance: SOURCE });
  const first = await come();
  const own = await served(first);
  const second = await come();
  await queued(second);
  const node = balancer.snapshot()[0]?.backends.find((b) => b.node === own);
  t.equal(node?.queued, 1, 'it waits for that node and no other');
  t.equal(balancer.snapshot()[0]?.queued, 0);
  await leave(first);
  t.equal(await served(second), own);
});

t.test('pinned waits for its node', async (t) => {
  const { come } = await places(t, 2, { balance: { strategy: 'pinned', node: 'n2' } });
  const first = await come();
  t.equal(await served(first), 'n2');
  const second = await come();
  await queued(second);
  await leave(first);
  t.equal(await served(second), 'n2');
});

t.test('a client that leaves while it waits takes no place', async (t) => {
  const { come, events } = await places(t, 1);
  const first = await come();
  await served(first);
  const [second, third] = [await come(), await come()];
  await queued(second);
  await queued(third);
  second.client.socket.end();
  t.match(await events.record(), { end: 'client-left', flags: 'CQ', session: second.session.id });
  await leave(first);
  t.equal(await served(third), 'n1');
});

t.test('what a client says while it waits is not lost, and is not read without end', async (t) => {
  // A service that looks for hellos counts what it holds of each client.
  const { come, backends } = await places(t, 1, { waitForClient: true, handshakeFailover: true });
  const first = await come();
  await served(first);
  const second = await come();
  const upload = seededBytes(5, 20_000_000);
  second.client.socket.write(upload.subarray(0, 10));
  await queued(second);
  second.client.socket.end(upload.subarray(10));
  let [held, still] = [0, 0];
  await until(() => {
    still = keptHelloBytes() === held ? still + 1 : 0;
    held = keptHelloBytes();
    return held > 0 && still > 10;
  }, 'a reader that has enough');
  t.ok(held < MOST_EARLY + 65_536, `${held} bytes: a read beyond 16 kB at most`);
  await leave(first);
  await second.client.heard(upload.length);
  t.ok(second.client.bytes.equals(upload));
  t.equal(backends[0]?.sockets.length, 2);
});

t.test('a full queue refuses', async (t) => {
  const { come, events, port } = await places(t, 1, { queue: 2 });
  const first = await come();
  await served(first);
  for (let i = 0; i < 2; i++) await queued(await come());
  t.equal((await knock(t, port())).how, 'rst');
  t.match(await events.record(), { end: 'refused', flags: 'RC', node: undefined });
});

t.test('a reload that lowers the queue: those that wait stay, in their order, and newcomers are refused', async (t) => {
  const { come, events, reload, port } = await places(t, 1);
  const first = await come();
  await served(first);
  const waiting = [await come(), await come(), await come()];
  for (const guest of waiting) await queued(guest);
  await reload({ queue: 1 });
  t.same(
    waiting.map(({ session }) => session.phase),
    ['queue', 'queue', 'queue'],
  );
  t.equal((await knock(t, port())).how, 'rst');
  t.match(await events.record(), { end: 'refused', flags: 'RC' });
  let before = first;
  for (const guest of waiting) {
    await leave(before);
    t.equal(await served(guest), 'n1');
    before = guest;
  }
});

t.test('who waits longest has the first place wherever it has to wait, also with a shorter queue', async (t) => {
  const { come, backends, clock, events, reload } = await places(t, 2, { balance: SOURCE, health: healthConfig() });
  const first = await come();
  const own = await served(first);
  const other = await elsewhere(come, own);
  const older = await come();
  const younger = await come(other.session.peer?.address);
  await queued(older);
  await queued(younger);
  await reload({ queue: 1 });
  backends[Number(own?.slice(1)) - 1]?.server.close();
  for (let i = 0; i < 30 && events.flips.length === 0; i++) await clock.advance(1000);
  t.match(events.flips, [{ node: own, to: 'down' }]);
  t.same([older.session.phase, younger.session.phase], ['queue', 'queue']);
  await leave(other);
  t.equal(await served(older), other.session.facts.backend?.node);
  t.equal(younger.session.phase, 'queue');
});

t.test('the node that is waited for goes down: its sessions choose anew, in their order', async (t) => {
  const { come, backends, clock, events } = await places(t, 2, { balance: SOURCE, health: healthConfig() });
  const first = await come();
  const own = await served(first);
  const second = await come();
  const third = await come();
  await queued(second);
  await queued(third);
  backends[Number(own?.slice(1)) - 1]?.server.close();
  for (let i = 0; i < 30 && events.flips.length === 0; i++) await clock.advance(1000);
  t.match(events.flips, [{ node: own, to: 'down' }]);
  const other = own === 'n1' ? 'n2' : 'n1';
  t.equal(await served(second), other, 'the first of them has the place there');
  t.equal(third.session.phase, 'queue', 'the second waits for that one now');
  await leave(second);
  t.equal(await served(third), other);
});

t.test('source, and a node comes back when all were down: whoever waits for another chooses anew', async (t) => {
  const nodes = [await healthNode(t, '127.0.0.1'), await healthNode(t, '127.0.0.1')];
  for (const node of nodes) node.answer = 500;
  const g = await places(t, nodes, { ...ASKED, balance: SOURCE });
  await flips(g, 2);
  const first = await g.come();
  const own = await served(first);
  const waiting = [await g.come(), await g.come()];
  for (const guest of waiting) await queued(guest);
  const [older, younger] = waiting as [Guest, Guest];
  await g.reload({ queue: 1 });
  const other = own === 'n1' ? 'n2' : 'n1';
  for (const [i, node] of nodes.entries()) if (`n${i + 1}` === other) node.answer = 200;
  await flips(g, 3);
  t.match(g.events.flips[2], { node: other, to: 'up' });
  t.equal(await served(older), other);
  t.equal(younger.session.phase, 'queue', 'and nobody is refused for it');
  t.equal(g.balancer.snapshot()[0]?.backends.find(({ node }) => node === other)?.queued, 1);
  await leave(older);
  t.equal(await served(younger), other);
});

t.test('source, and the backup is used no more: whoever waits for it chooses anew', async (t) => {
  const nodes = [await healthNode(t, '127.0.0.1'), await healthNode(t, '127.0.0.1')] as const;
  const [primary, backup] = nodes;
  primary.answer = 500;
  const backends = [backendSpec('n1', primary.port), backendSpec('n2', backup.port, { backup: true })];
  const g = await places(t, nodes, { ...ASKED, balance: SOURCE, backends });
  await flips(g, 1);
  t.equal(await served(await g.come()), 'n2');
  const second = await g.come();
  await queued(second);
  primary.answer = 200;
  await flips(g, 2);
  t.equal(await served(second), 'n1');
});

t.test('pinned, and its node that answers wrongly can no more be connected to: nobody waits for it', async (t) => {
  const node = await healthNode(t, '127.0.0.1');
  node.answer = 500;
  const g = await places(t, [node], { ...ASKED, balance: { strategy: 'pinned', node: 'n1' } });
  await flips(g, 1);
  t.equal(await served(await g.come()), 'n1', 'it is dialled all the same');
  const second = await g.come();
  await queued(second);
  node.server.close();
  for (let i = 0; i < 600 && g.events.records.length === 0; i++) await g.clock.advance(500);
  t.match(await g.events.record(), { end: 'no-backend', session: second.session.id });
  t.equal((await knock(t, g.port())).how, 'fin', 'as whoever comes now');
  t.match(await g.events.record(1), { end: 'no-backend' });
});

t.test('whoever chooses anew does not wait longer for it', async (t) => {
  const { come, backends, clock, events } = await places(t, 2, {
    health: healthConfig({ intervalMs: 1000 }),
    timeouts: { queueMs: 60_000 },
  });
  for (const guest of [await come(), await come()]) await served(guest);
  const waits = await come();
  await queued(waits);
  await clock.advance(30_000);
  backends[0]?.server.close();
  for (let i = 0; i < 30 && events.flips.length === 0; i++) await clock.advance(1000);
  t.equal(waits.session.phase, 'queue', 'the other node is full as well');
  await clock.advance(60_000 - 30_000);
  const mine = () => events.records.find(({ session }) => session === waits.session.id);
  await events.until(() => mine() !== undefined);
  t.match(mine(), { end: 'queue-timeout', flags: 'sQ' });
  t.ok((mine()?.queueMs ?? 0) <= 60_100, `${mine()?.queueMs} ms in all`);
});

t.test('pinned, and its node goes down by a failed connect: nobody waits for it', async (t) => {
  const { come, backends, clock, events } = await places(t, 2, {
    balance: { strategy: 'pinned', node: 'n1' },
    health: healthConfig(),
  });
  await served(await come());
  const second = await come();
  await queued(second);
  backends[0]?.server.close();
  for (let i = 0; i < 30 && events.flips.length === 0; i++) await clock.advance(1000);
  t.match(await events.record(), { end: 'no-backend', session: second.session.id, node: undefined });
});

t.test('the time in the queue is not taken from the dials and handshakes', async (t) => {
  // The first node never answers the connect; the second is full. The queue takes longer than all dials may.
  const answer = Buffer.from('16030300024142', 'hex');
  const full = await scriptedBackend(t, silent);
  const clock = manualClock();
  const { balancer, events, port } = await startBalancer(
    t,
    [
      {
        waitForClient: true,
        handshakeFailover: true,
        maxSessionsPerBackend: 1,
        backends: [backendSpec('full', full.port), backendSpec('silent', await silentPort(t))],
        timeouts: { establishMs: 5000, queueMs: 60_000, connectMs: 2000 },
      },
    ],
    { clock },
  );
  const holder = new Watched(await startClient(t, port()));
  holder.socket.write(HELLO);
  (await full.visit()).socket.write(answer);
  await holder.heard(answer.length);
  const client = new Watched(await startClient(t, port()));
  client.socket.write(HELLO);
  const mine = () => [...balancer.sessions].find((s) => s.peer?.port === client.socket.localPort);
  await until(() => mine()?.phase === 'dial', 'its dial');
  await clock.advance(2100);
  await until(() => mine()?.phase === 'queue', 'the queue');
  await clock.advance(20_000);
  holder.socket.resetAndDestroy();
  await until(() => mine()?.phase === 'handshake', 'its handshake');
  await clock.advance(1000);
  (await full.visit(1)).socket.write(answer);
  await client.heard(answer.length);
  const { id = '' } = mine() ?? {};
  client.socket.resetAndDestroy();
  await events.record(1);
  const record = events.records.find(({ session }) => session === id);
  const { queueMs = 0, dialMs = 0 } = record ?? {};
  t.match(record, { end: 'client-reset', node: 'full', retries: 1 });
  t.ok(queueMs >= 20_000 && queueMs < 21_000, `${queueMs} ms in the queue`);
  t.ok(dialMs >= 2000 && dialMs < 3000, `${dialMs} ms of dials`);
});

t.test('a backup that gets free is for those who have tried all others', async (t) => {
  const silent = await silentPort(t);
  const backup = await startServer(t, echo);
  const clock = manualClock();
  const { port, balancer } = await startBalancer(
    t,
    [
      {
        maxSessionsPerBackend: 1,
        backends: [backendSpec('silent', silent), backendSpec('backup', backup.port, { backup: true })],
      },
    ],
    { clock },
  );
  const clients = [];
  for (let i = 0; i < 2; i++) {
    const client = new Watched(await startClient(t, port()));
    client.socket.write('x');
    clients.push(client);
    await until(() => [...balancer.sessions].some((s) => s.phase === 'dial'), 'its dial');
    await clock.advance(2100);
    if (i === 0) await client.heard(1);
  }
  await until(() => [...balancer.sessions].some((s) => s.phase === 'queue'), 'the second in the queue');
  clients[0]?.socket.end();
  await clients[1]?.heard(1);
  t.pass('it got the place on the backup');
});
