// The moment at which a session goes from Node's sockets to the native relay, with bytes, FINs and resets arriving around
// it: nothing is lost, doubled or reordered, and it is taken over whenever it can be.

import { once } from 'node:events';
import type { Socket } from 'node:net';
import t, { type Test } from 'tap';
import type { End } from '../../src/core/session-record.ts';
import { backendSpec, type ServicePatch, startBalancer } from '../fixtures/balancer.ts';
import { seededRandom } from '../fixtures/candidates.ts';
import { handedOver, WAYS } from '../fixtures/relays.ts';
import { HELLO } from '../fixtures/scene.ts';
import { readAll, readBytes, seededBytes, startClient, startServer } from '../fixtures/tcp.ts';
import { until } from '../fixtures/until.ts';

const NOISE = seededBytes(7, 1_000_000);
const SESSIONS = 150;

/** Every way that a session comes to its relay. */
const ARRIVALS: readonly (readonly [what: string, patch: ServicePatch, first: Buffer])[] = [
  ['at once', {}, Buffer.alloc(0)],
  ['after its first bytes', { waitForClient: true }, Buffer.from('first bytes')],
  ['after its hello and the first answer', { waitForClient: true, handshakeFailover: true }, HELLO],
  ['after a PROXY header', { proxyProtocol: { accept: [], send: 'v1' } }, Buffer.alloc(0)],
];

const turns = async (n: number): Promise<void> => {
  for (let i = 0; i < n; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** Few bytes, then a turn or some, then more: around the hand-over rather than after it. */
async function drip(socket: Socket, bytes: Buffer, random: () => number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const n = random() < 0.1 ? 100_000 : 1 + Math.floor(random() * 300);
    if (!socket.write(bytes.subarray(at, at + n))) await once(socket, 'drain');
    at += n;
    await turns(Math.floor(random() * 3));
  }
  socket.end();
}

const part = (session: number, size: number) => NOISE.subarray(session * 311, session * 311 + size);

async function headerOf(socket: Socket): Promise<void> {
  while ((await readBytes(socket, 1)).toString() !== '\n');
}

for (const { name, relay, options } of WAYS) {
  for (const [what, patch, first] of ARRIVALS) {
    t.test(`${name}: ${what}`, async (t) => {
      const sizes = (session: number) => {
        const random = seededRandom(session + 99);
        return { up: Math.floor(random() ** 6 * 400_000), down: 1 + Math.floor(random() ** 6 * 400_000) };
      };
      const numbers = new Map<number, number>();
      const uploads: Promise<boolean>[] = [];
      const backend = await startServer(t, async (socket) => {
        if (patch.proxyProtocol !== undefined) {
          socket.pause();
          await headerOf(socket);
        }
        const heard = readAll(socket);
        const session = numbers.size;
        numbers.set(session, socket.remotePort ?? 0);
        void drip(socket, part(session, sizes(session).down), seededRandom(session));
        uploads.push(
          heard.then(({ bytes, how }) => {
            const said = bytes.subarray(0, first.length + 4);
            const client = Number(said.subarray(first.length));
            return how === 'fin' && bytes.subarray(first.length + 4).equals(part(client, sizes(client).up));
          }),
        );
      });
      const before = handedOver();
      const { events, port } = await startBalancer(
        t,
        [{ ...patch, backends: [backendSpec('n', backend.port)] }],
        options,
      );
      const run = async (session: number): Promise<boolean> => {
        const client = await startClient(t, port());
        const heard = readAll(client);
        const words = Buffer.concat([
          first,
          Buffer.from(String(session).padStart(4)),
          part(session, sizes(session).up),
        ]);
        void drip(client, words, seededRandom(session + 1));
        const { bytes, how } = await heard;
        return how === 'fin' && [...numbers.keys()].some((n) => bytes.equals(part(n, sizes(n).down)));
      };
      for (let from = 0; from < SESSIONS; from += 25) {
        const right = await Promise.all([...Array(25).keys()].map((i) => run(from + i)));
        t.ok(right.every(Boolean), 'each answer whole and in its order');
      }
      await events.record(SESSIONS - 1);
      t.ok((await Promise.all(uploads)).every(Boolean), 'each upload whole and in its order');
      t.same([...new Set(events.records.map(({ end }) => end))], ['completed']);
      const total = [...Array(SESSIONS).keys()].reduce(
        (sum, s) => sum + sizes(s).up + sizes(s).down + 4 + first.length,
        0,
      );
      const counted = events.records.reduce((sum, { bytesIn, bytesOut }) => sum + bytesIn + bytesOut, 0);
      t.equal(counted, total, 'and every byte is counted once');
      t.ok(events.records.every(({ firstByteMs, durationMs }) => firstByteMs >= 0 && firstByteMs <= durationMs + 1));
      t.equal(handedOver() - before, relay === 'native' ? SESSIONS : 0, 'all were handed over');
    });
  }
}

/** What happens while a session is on its way to the relay, and how it may end: before both sides stand, otherwise. */
const EVENTS: readonly (readonly [
  what: string,
  act: (client: Socket, backend: Socket) => void,
  ends: readonly End[],
])[] = [
  ['a FIN of the client', (client) => client.end(), ['completed', 'client-left']],
  ['a FIN of the backend', (_client, backend) => backend.end(), ['completed']],
  ['a reset of the client', (client) => client.resetAndDestroy(), ['client-reset', 'client-left']],
  ['a reset of the backend', (_client, backend) => backend.resetAndDestroy(), ['backend-reset', 'dial-failed']],
];

async function meanwhile(t: Test, way: (typeof WAYS)[number], act: (client: Socket, backend: Socket) => void) {
  const backend = await startServer(t, (socket) => {
    socket.resume();
    socket.on('end', () => socket.end());
  });
  const { balancer, events, port } = await startBalancer(
    t,
    [{ retries: 0, backends: [backendSpec('n', backend.port)] }],
    way.options,
  );
  for (let i = 0; i < 40; i++) {
    const client = await startClient(t, port());
    client.on('error', () => {}).on('end', () => client.end());
    client.resume();
    const accepted = await backend.accepted(i);
    await turns(i % 5);
    act(client, accepted);
    await events.record(i);
  }
  await until(() => balancer.sessions.size === 0, 'all sessions to end');
  return [...new Set(events.records.map(({ end }) => end))];
}

for (const way of WAYS) {
  for (const [what, act, ends] of EVENTS) {
    t.test(`${way.name}: ${what} right then`, async (t) => {
      const seen = await meanwhile(t, way, act);
      t.same(
        seen.filter((end) => !ends.includes(end)),
        [],
        seen.join(),
      );
    });
  }
}
