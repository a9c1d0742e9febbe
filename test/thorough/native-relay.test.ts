// What only the native relay has: threads that must be seen to live, memory that is shared, sessions that can't be handed
// over, and an end of its process or thread with thousands of sessions under way.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { type NativeAddon, SLAB_SLOTS, SLOT, SLOT_DOUBLES } from '../../src/net/native-addon.ts';
import { NativeRelays } from '../../src/net/relay-native.ts';
import { backendSpec, startBalancer } from '../fixtures/balancer.ts';
import { nativeRelays } from '../fixtures/relays.ts';
import { echo, readAll, readBytes, startClient, startServer } from '../fixtures/tcp.ts';
import { until } from '../fixtures/until.ts';
import { Watched } from '../fixtures/watched.ts';

t.setTimeout(120_000);

const skip = nativeRelays === undefined && 'the native relay does not load';

/** An addon in JavaScript: it takes sessions as it is told to, moves nothing, and ends them with an outcome. */
class FakeAddon implements NativeAddon {
  readonly slots = new Float64Array(SLAB_SLOTS * SLOT_DOUBLES);
  readonly numbers = new Uint32Array(4);
  readonly did: string[] = [];
  result = 0;
  #ended: (count: number) => void = () => {};

  open(threads: number, _pipes: number, ended: (count: number) => void) {
    this.#ended = ended;
    return { turns: new ArrayBuffer(8 * threads), ended: this.numbers.buffer };
  }

  start(): number {
    return this.result;
  }

  stop(session: number, how: number): void {
    this.did.push(`stop ${session} ${how}`);
  }

  keepAlive(session: number, seconds: number): void {
    this.did.push(`keepAlive ${session} ${seconds}`);
  }

  slab(): ArrayBuffer {
    return this.slots.buffer;
  }

  wake(): void {
    this.did.push('wake');
  }

  close(): void {}

  end(session: number, outcome: number): void {
    this.slots[session * SLOT_DOUBLES + SLOT.outcome] = outcome;
    this.numbers[0] = session;
    this.#ended(1);
  }
}

async function withFake(t: Test, result: number) {
  const addon = new FakeAddon();
  addon.result = result;
  const relays = new NativeRelays(addon, 1, 0);
  const backend = await startServer(t, echo);
  const running = await startBalancer(t, [{ backends: [backendSpec('n', backend.port)] }], {
    startRelay: relays.start,
  });
  return { addon, relays, ...running };
}

t.test('a session that the kernel would not hand over stays with Node', async (t) => {
  const { events, port } = await withFake(t, -24);
  const client = await startClient(t, port());
  client.write('hello');
  t.equal((await readBytes(client, 5)).toString(), 'hello');
  client.end();
  t.equal((await readAll(client)).how, 'fin');
  t.match(await events.record(), { end: 'completed', endedBy: 'client', bytesIn: 5, bytesOut: 5 });
});

t.test('a fault of the native side ends its session as internal, and is told', async (t) => {
  const { addon, balancer, events, port } = await withFake(t, 3);
  await startClient(t, port());
  await until(() => [...balancer.sessions].some((session) => session.client.closed), 'the hand-over');
  addon.end(3, 4);
  t.match(await events.record(), { end: 'internal', endedBy: 'proxy', flags: 'IR', phase: 'relay' });
  t.match(events.notices, [/no memory/]);
});

t.test('what is asked of a session reaches its number, and nothing after its end', async (t) => {
  const { addon, balancer, events, port } = await withFake(t, 7);
  await startClient(t, port());
  await until(() => [...balancer.sessions].some((session) => session.client.closed), 'the hand-over');
  const [session] = balancer.sessions;
  session?.finish('idle-timeout', 'proxy');
  session?.finish('drained', 'proxy');
  t.same(addon.did, ['stop 7 1'], 'once');
  addon.slots.set([100, 200], 7 * SLOT_DOUBLES);
  addon.end(7, 5);
  t.match(await events.record(), { end: 'idle-timeout', bytesIn: 100, bytesOut: 200 });
  addon.slots.fill(0);
  t.match(events.records[0], { bytesIn: 100, bytesOut: 200 }, 'its slot may be another session’s by now');
});

t.test('threads that live are seen to move, and one that stands still is seen', { skip }, async (t) => {
  t.ok(nativeRelays?.moved());
  await until(() => nativeRelays?.moved() === true, 'a turn of each thread');
  const standing = new NativeRelays(new FakeAddon(), 2, 0);
  t.ok(standing.moved(), 'the first answer says nothing');
  t.notOk(standing.moved());
});

t.test('a client that resets after its FIN is noticed although nobody writes', { skip }, async (t) => {
  const backend = await startServer(t, (socket) => socket.resume());
  const { events, port } = await startBalancer(t, [{ backends: [backendSpec('n', backend.port)] }], {
    ...(nativeRelays === undefined ? {} : { startRelay: nativeRelays.start }),
  });
  const client = await startClient(t, port());
  client.end('question');
  const node = new Watched(await backend.accepted());
  t.equal(await node.something(), 'fin');
  client.resetAndDestroy();
  t.match(await events.record(), { end: 'client-reset', endedBy: 'client' });
});

/** A balancer in a process of its own, or in a thread of it; ends when it is told to. */
async function elsewhere(t: Test, where: 'process' | 'worker', backendPort: number) {
  const script = new URL('../fixtures/native-balancer.ts', import.meta.url);
  const child = spawn(process.execPath, ['--import=tsx', script.pathname, where, String(backendPort)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const said = async () => String((await lines.next()).value);
  return { child, said, port: Number(await said()) };
}

const MANY = 5000;

for (const where of ['process', 'worker'] as const) {
  t.test(`the end of its ${where} with ${MANY} sessions under way`, { skip }, async (t) => {
    const backend = await startServer(t, echo);
    const { child, said, port } = await elsewhere(t, where, backend.port);
    let over = 0;
    let bulk = 0;
    const clients: Socket[] = [];
    /** One that has been answered: it is in the relay. */
    const come = async (): Promise<Socket> => {
      const client = await startClient(t, port);
      client.on('error', () => {}).on('close', () => over++);
      client.on('end', () => client.end());
      client.write('x');
      await readBytes(client, 1);
      return client;
    };
    for (let i = 0; i < MANY; i += 100) clients.push(...(await Promise.all(Array.from({ length: 100 }, come))));
    for (let i = 0; i < MANY; i += 50) {
      clients[i]?.once('data', () => bulk++).write(Buffer.alloc(4_000_000));
    }
    for (const client of clients) client.resume();
    await until(() => bulk === MANY / 50, 'bulk that is under way');
    const exited = once(child, 'exit');
    child.stdin.write('end\n');
    if (where === 'worker') t.equal(await said(), 'the worker is gone');
    t.same(await exited, [0, null], 'it ends by itself');
    await until(() => over === MANY, "the clients' ends");
  });
}
