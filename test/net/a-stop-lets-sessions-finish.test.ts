// drain and stop: who is let finish, who is cut and when, what is counted, and that nothing stays open.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { backendSpec, configWith, type Running, type ServicePatch, startBalancer } from '../fixtures/balancer.ts';
import { healthConfig } from '../fixtures/health-config.ts';
import { type ManualClock, manualClock } from '../fixtures/manual-clock.ts';
import { openSockets } from '../fixtures/open-sockets.ts';
import { WAYS } from '../fixtures/relays.ts';
import { echo, startClient, startServer } from '../fixtures/tcp.ts';
import { until } from '../fixtures/until.ts';
import { Watched } from '../fixtures/watched.ts';

async function running(t: Test, services: readonly ServicePatch[], serve: (socket: Socket) => void = echo) {
  const clock = manualClock();
  const backend = await startServer(t, serve);
  const balancer = await startBalancer(
    t,
    services.map((service) => ({ backends: [backendSpec('n', backend.port)], ...service })),
    { clock },
  );
  const come = async (service?: string) => {
    const client = new Watched(await startClient(t, balancer.port(service)));
    client.socket.write('x');
    await client.heard(1);
    return client;
  };
  return { ...balancer, clock, backend, come };
}

/** Begins a drain; resolves when its deadlines are set. */
async function drain(clock: ManualClock, { balancer }: Running, hurry?: Promise<void>) {
  const before = clock.pending;
  const cut = balancer.drain(hurry);
  await until(() => clock.pending > before, 'the deadlines');
  return { cut };
}

async function refuses(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return false;
  } catch {
    return true;
  } finally {
    socket.destroy();
  }
}

t.test('nobody new is accepted, and whoever finishes in time is not cut', async (t) => {
  const all = await running(t, [{}]);
  const { balancer, clock, come, events, port } = all;
  t.same(balancer.ready(), { ready: true, reason: '' });
  const clients = [await come(), await come()];
  const [taken] = [port()];
  const { cut } = await drain(clock, all);
  t.same(balancer.ready(), { ready: false, reason: 'draining' });
  t.ok(await refuses(taken));
  await clock.advance(29_000);
  for (const client of clients) {
    client.socket.write('y');
    await client.heard(2);
    client.socket.end();
  }
  t.equal(await cut, 0);
  t.same(balancer.ready(), { ready: false, reason: 'stopped' });
  t.same(
    events.records.map(({ end }) => end),
    ['completed', 'completed'],
  );
  t.equal(clock.pending, 0, 'no timer is left');
});

t.test('each service has its own deadline, and the cut ones are counted', async (t) => {
  const all = await running(t, [
    { name: 'short', timeouts: { drainMs: 1000 } },
    { name: 'long', timeouts: { drainMs: 5000 } },
  ]);
  const { clock, come, events } = all;
  const short = [await come('short'), await come('short')];
  const long = [await come('long'), await come('long')];
  const { cut } = await drain(clock, all);
  await clock.advance(1000);
  for (const client of short) t.equal(await client.something(), 'fin');
  t.equal(events.records.length, 2);
  long[0]?.socket.end();
  await events.record(2);
  await clock.advance(4000);
  t.equal(await long[1]?.something(), 'fin');
  t.equal(await cut, 3);
  t.same(events.records.map(({ service, end }) => `${service} ${end}`).sort(), [
    'long completed',
    'long drained',
    'short drained',
    'short drained',
  ]);
});

t.test('services that reloads took away are waited for while they have sessions, and then forgotten', async (t) => {
  const all = await running(t, [{ name: 'stays' }, { name: 'left' }]);
  const { balancer, clock, come, backend } = all;
  const file = (...names: string[]) =>
    configWith(names.map((name) => ({ name, backends: [backendSpec('n', backend.port)] })));
  const clients = [await come('stays'), await come('left')];
  for (let i = 0; i < 10; i++) await balancer.apply(file('stays', `gone-${i}`));
  for (let i = 0; i < 2; i++) await balancer.apply(file('stays'));
  const before = clock.pending;
  const { cut } = await drain(clock, all);
  t.equal(clock.pending - before, 2, 'a deadline each for those with a session');
  for (const client of clients) client.socket.end();
  t.equal(await cut, 0);
});

t.test('whoever has no backend yet is let go on, and cut like the others', async (t) => {
  const all = await running(t, [
    { name: 'full', maxSessionsPerBackend: 1, timeouts: { drainMs: 1000 } },
    { name: 'quiet', waitForClient: true, timeouts: { drainMs: 1000 } },
  ]);
  const { balancer, clock, come, events, port } = all;
  const holder = await come('full');
  const queued = new Watched(await startClient(t, port('full')));
  const quiet = new Watched(await startClient(t, port('quiet')));
  await until(() => balancer.sessions.size === 3, 'three sessions');
  await until(() => [...balancer.sessions].some(({ phase }) => phase === 'queue'), 'one in the queue');
  const { cut } = await drain(clock, all);
  holder.socket.end();
  queued.socket.write('y');
  await queued.heard(1);
  t.pass('the place that got free is still given away');
  await clock.advance(1000);
  t.equal(await queued.something(), 'fin');
  t.equal(await quiet.something(), 'fin');
  t.equal(await cut, 2);
  t.equal(events.records.length, 3);
});

t.test('a session whose client does not read is cut as well', async (t) => {
  const all = await running(t, [{ timeouts: { drainMs: 1000 } }], (socket) => {
    socket.write(Buffer.alloc(50_000_000));
  });
  const { balancer, clock, port } = all;
  const client = await startClient(t, port());
  client.pause();
  await until(() => [...balancer.sessions].some((session) => session.client.blocked), 'a standstill');
  const { cut } = await drain(clock, all);
  await clock.advance(1000);
  t.equal(await cut, 1);
});

t.test('a second signal ends the wait', async (t) => {
  const all = await running(t, [{}]);
  const { clock, come, events } = all;
  const client = await come();
  let hurry = () => {};
  const hurried = new Promise<void>((resolve) => {
    hurry = resolve;
  });
  const { cut } = await drain(clock, all, hurried);
  hurry();
  t.equal(await client.something(), 'fin');
  t.equal(await cut, 1);
  t.match(await events.record(), { end: 'drained', flags: 'K-' });
  t.equal(clock.pending, 0);
});

for (const { name, options } of WAYS) {
  t.test(`${name}: a stop leaves nothing open, whatever its sessions were doing`, async (t) => {
    const backend = await startServer(t, echo);
    const silent = await startServer(t, () => {});
    const { balancer, port } = await startBalancer(
      t,
      [
        { name: 'relay', backends: [backendSpec('n', backend.port)], health: healthConfig() },
        { name: 'wait', waitForClient: true, backends: [backendSpec('n', backend.port)] },
        { name: 'still', backends: [backendSpec('n', silent.port)] },
        { name: 'header', proxyProtocol: { accept: ['127.0.0.0/8'], send: false }, backends: [] },
      ],
      options,
    );
    const clients: Socket[] = [];
    for (const service of ['relay', 'wait', 'still', 'header', 'relay']) {
      const client = await startClient(t, port(service));
      client.on('error', () => {});
      clients.push(client);
    }
    for (const client of clients.slice(2)) client.write(Buffer.alloc(20_000_000));
    await until(() => balancer.sessions.size === clients.length, 'all sessions');
    await balancer.stop();
    t.equal(balancer.sessions.size, 0);
    await balancer.stop();
    t.pass('a second time changes nothing');
    for (const socket of [...clients, ...backend.sockets, ...silent.sockets]) socket.destroy();
    t.ok(await openSockets(2), 'only the two backends listen');
    await t.rejects(balancer.start(), { code: 'started' });
  });
}
