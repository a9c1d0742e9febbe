import { once } from 'node:events';
import t from 'tap';
import { backendSpec, type ServicePatch, startBalancer } from '../fixtures/balancer.ts';
import { manualClock } from '../fixtures/manual-clock.ts';
import { WAYS } from '../fixtures/relays.ts';
import { echo, readAll, readBytes, startClient, startServer } from '../fixtures/tcp.ts';

for (const { name, options } of WAYS) {
  async function relayed(t: Parameters<typeof startServer>[0], patch: ServicePatch, serve = echo) {
    const clock = manualClock();
    const backend = await startServer(t, serve);
    const running = await startBalancer(t, [{ ...patch, backends: [backendSpec('n', backend.port)] }], {
      clock,
      ...options,
    });
    const client = await startClient(t, running.port());
    return { ...running, clock, backend, client };
  }

  t.test(`${name}: idle: a FIN to the client, a reset to the backend`, async (t) => {
    const { client, backend, clock, events } = await relayed(t, { timeouts: { idleMs: 60_000 } });
    client.write('x');
    await readBytes(client, 1);
    const seen = Promise.all([readAll(client), readAll(await backend.accepted())]);
    // A byte in time starts it anew.
    await clock.advance(59_000);
    client.write('y');
    await once(client, 'data');
    await clock.advance(59_000);
    t.equal(events.records.length, 0, 'not yet');
    await clock.advance(3000);
    t.same(
      (await seen).map((heard) => heard.how),
      ['fin', 'rst'],
    );
    t.match(await events.record(), { end: 'idle-timeout', endedBy: 'proxy', flags: 'cD', phase: 'relay' });
  });

  t.test(`${name}: idle after a question: it is the backend that is waited for`, async (t) => {
    const { client, backend, clock, events } = await relayed(t, { timeouts: { idleMs: 60_000 } }, () => {});
    client.write('question');
    await once(await backend.accepted(), 'readable');
    await clock.advance(62_000);
    t.match(await events.record(), { end: 'idle-timeout', flags: 'sD' });
  });

  t.test(`${name}: half-closed, and no byte any more`, async (t) => {
    const { client, backend, clock, events } = await relayed(t, { timeouts: { halfClosedMs: 5000 } }, () => {});
    const seen = readAll(client);
    client.end('question');
    const accepted = await backend.accepted();
    accepted.resume();
    await once(accepted, 'end');
    await clock.advance(7000);
    t.equal((await seen).how, 'fin');
    t.match(await events.record(), { end: 'half-closed-timeout', endedBy: 'proxy', flags: 'sD' });
  });

  t.test(`${name}: a reader that stands still is idle too, although bytes wait for it`, async (t) => {
    const { client, clock, events } = await relayed(t, { timeouts: { idleMs: 60_000 } }, (socket) => {
      socket.write(Buffer.alloc(64 << 20));
    });
    client.pause();
    await once(client, 'readable').catch(() => undefined);
    await clock.advance(2000);
    // What the kernel takes on the way it takes at once; then nothing moves.
    for (let i = 0; i < 20 && events.records.length === 0; i++) await clock.advance(61_000);
    t.match(await events.record(), { end: 'idle-timeout', flags: 'cD' });
  });

  t.test(`${name}: wait_for_client: a client that says nothing`, async (t) => {
    const clock = manualClock();
    const backend = await startServer(t, echo);
    const { events, port } = await startBalancer(
      t,
      [{ waitForClient: true, timeouts: { firstByteMs: 30_000 }, backends: [backendSpec('n', backend.port)] }],
      { clock, ...options },
    );
    const client = await startClient(t, port());
    const seen = readAll(client);
    await clock.advance(29_900);
    t.equal(events.records.length, 0, 'not yet');
    await clock.advance(300);
    t.equal((await seen).how, 'fin');
    t.match(await events.record(), { end: 'first-byte-timeout', flags: 'cR', phase: 'wait', endedBy: 'proxy' });
    t.equal(backend.sockets.length, 0, 'nothing was dialled');
  });
}
