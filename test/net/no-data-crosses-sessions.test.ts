// Many sessions with payloads of their own and readers of every speed, both ways at once: each byte where it belongs, and
// no more of them in the process than its buffers hold.

import { once } from 'node:events';
import type { Socket } from 'node:net';
import t from 'tap';
import { largeBufferBytes } from '../../src/net/read-buffer.ts';
import type { Session } from '../../src/net/session.ts';
import { backendSpec, startBalancer } from '../fixtures/balancer.ts';
import { seededRandom } from '../fixtures/candidates.ts';
import { memoryHeld } from '../fixtures/garbage.ts';
import { SOCKET_WAYS } from '../fixtures/sockets.ts';
import { readBytes, seededBytes, startClient, startServer } from '../fixtures/tcp.ts';
import { until } from '../fixtures/until.ts';

const SESSIONS = 200;
/** Of the payloads, each session's begins elsewhere in this: a byte of another session, or in the wrong place, shows. */
const NOISE = seededBytes(1, 4_000_000);

/** The `size` bytes of a session and direction: its number, then noise from a place of its own. */
function payload(session: number, direction: 'up' | 'down', size: number): Buffer {
  const from = (session * 7919 + (direction === 'up' ? 0 : 1_000_003)) % (NOISE.length - 600_000);
  return Buffer.concat([
    Buffer.from(`${direction} ${String(session).padStart(6)} `),
    NOISE.subarray(from, from + size),
  ]);
}

/** Sizes around every boundary of the buffers, and bulk. */
function sizeOf(random: () => number): number {
  const around = [0, 1, 2047, 2048, 4095, 4096, 4097, 65_535, 65_536, 65_537];
  if (random() < 0.3) return around[Math.floor(random() * around.length)] ?? 0;
  return Math.floor(random() ** 3 * 500_000);
}

/** Writes in pieces of any size, with turns of the loop between them. */
async function writeAll(socket: Socket, bytes: Buffer, random: () => number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const n = Math.max(1, Math.floor(random() ** 4 * 200_000));
    if (!socket.write(bytes.subarray(at, at + n))) await once(socket, 'drain');
    else if (random() < 0.3) await new Promise((resolve) => setImmediate(resolve));
    at += n;
  }
  socket.end();
}

/** Reads to the end, in steps: after each, a pause of some turns of the loop, or none. */
async function readSlowly(socket: Socket, slow: number, random: () => number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk as Buffer);
    const turns = random() < 0.2 ? slow : 0;
    for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
  }
  return Buffer.concat(chunks);
}

for (const sockets of SOCKET_WAYS) {
  t.test(`${sockets.kind}: ${SESSIONS} sessions, slow readers, both ways`, async (t) => {
    const uploads = new Map<number, Buffer>();
    const expected = new Map<number, { up: Buffer; down: Buffer }>();
    const backend = await startServer(t, async (socket) => {
      socket.pause();
      // The client's first ten bytes say who it is, so that the answer can be its own.
      const session = Number((await readBytes(socket, 10)).subarray(3));
      const random = seededRandom(session + 5000);
      const answer = writeAll(socket, expected.get(session)?.down ?? Buffer.alloc(0), random);
      const rest = await readSlowly(socket, session % 3 === 0 ? 50 : 0, random);
      uploads.set(session, rest);
      await answer;
    });
    const { events, port, balancer } = await startBalancer(t, [{ backends: [backendSpec('n', backend.port)] }], {
      sockets,
    });
    const run = async (session: number): Promise<boolean> => {
      const random = seededRandom(session);
      const up = payload(session, 'up', sizeOf(random));
      const down = payload(session, 'down', sizeOf(random));
      expected.set(session, { up, down });
      const client = await startClient(t, port());
      const answer = readSlowly(client, session % 3 === 1 ? 50 : 0, random);
      await writeAll(client, up, random);
      return (await answer).equals(down);
    };
    const answers = await Promise.all(Array.from({ length: SESSIONS }, (_, i) => run(i)));
    await events.record(SESSIONS - 1);
    t.equal(answers.filter((right) => right).length, SESSIONS, 'each client got its own answer');
    const right = [...expected].filter(([session, { up }]) => uploads.get(session)?.equals(up.subarray(10)) === true);
    t.equal(right.length, SESSIONS, 'each upload came as it was sent');
    t.same([...new Set(events.records.map(({ end }) => end))], ['completed']);
    const bytes = [...expected.values()].reduce((sum, { up, down }) => sum + up.length + down.length, 0);
    t.equal(
      events.records.reduce((sum, { bytesIn, bytesOut }) => sum + bytesIn + bytesOut, 0),
      bytes,
      'and every byte is counted',
    );
    t.equal(balancer.sessions.size, 0);
    t.equal(largeBufferBytes(), 0, 'all large buffers are given back');
  });
}

/** Less than any buffer: what is read stays in small pieces. */
const PIECE = 1500;
const STANDING = 6;
const BESIDE = 60;

for (const sockets of SOCKET_WAYS) {
  t.test(`${sockets.kind}: small pieces that wait for a reader, and others that pass them by`, async (t) => {
    const answer = NOISE.subarray(0, 200 * PIECE);
    const backend = await startServer(t, (socket) => {
      let sent = 0;
      // One piece a turn, until the reader at the other end is full and so are we.
      const drip = (): void => {
        if (sent >= MOST_DRIPPED || !socket.writable) return;
        const more = socket.write(piece(sent));
        sent += PIECE;
        if (more) setImmediate(drip);
        else socket.once('drain', drip);
      };
      socket.once('data', (word: Buffer) => {
        if (word.toString() === 'drip') drip();
        else socket.end(answer);
      });
    });
    const { balancer, port } = await startBalancer(t, [{ backends: [backendSpec('n', backend.port)] }], { sockets });
    const standing: Socket[] = [];
    for (let i = 0; i < STANDING; i++) {
      const client = await startClient(t, port());
      client.pause();
      client.write('drip');
      standing.push(client);
    }
    const waiting = () => [...balancer.sessions].filter((session) => session.client.blocked);
    await until(() => waiting().length === STANDING, 'bytes that wait in the process');
    const moved = new Map(waiting().map((session) => [session.peer?.port, session.bytesOut]));
    // Whatever of their bytes were in a buffer that is free for others would be written over now.
    const passed = await Promise.all(
      Array.from({ length: BESIDE }, async () => {
        const client = await startClient(t, port());
        const heard = readSlowly(client, 0, () => 1);
        client.end('pass');
        return (await heard).equals(answer);
      }),
    );
    t.equal(passed.filter((right) => right).length, BESIDE);
    for (const client of standing) {
      const bytes = moved.get(client.localPort) ?? 0;
      t.ok(bytes > 0);
      const heard = await readBytes(client, bytes);
      const wrong = heard.findIndex((byte, at) => byte !== dripped(at));
      t.equal(wrong, -1, `${bytes} bytes in their order`);
      client.destroy();
    }
  });
}

/** More than the kernel takes on the way. */
const MOST_DRIPPED = 40_000_000;

function piece(from: number): Buffer {
  const at = from % (NOISE.length - PIECE);
  return NOISE.subarray(at, at + PIECE);
}

/** The byte at this place of what `drip` sends. */
function dripped(at: number): number {
  const from = at - (at % PIECE);
  return NOISE[(from % (NOISE.length - PIECE)) + (at % PIECE)] ?? 0;
}

/** Resolves when no more bytes have been read for a while; what is asserted then does not depend on it. */
async function standstill(sessions: Iterable<Session>): Promise<void> {
  const all = [...sessions];
  let before = -1;
  let still = 0;
  await until(() => {
    const bytes = all.reduce((sum, { bytesIn, bytesOut }) => sum + bytesIn + bytesOut, 0);
    still = bytes > 0 && bytes === before ? still + 1 : 0;
    before = bytes;
    return still > 10;
  }, 'a standstill');
}

const STALLED = 20;
/** CONTRACT.md: what one direction may hold. */
const MOST_HELD = 256 * 1024;

for (const sockets of SOCKET_WAYS) {
  for (const direction of ['down', 'up'] as const) {
    t.test(
      `${sockets.kind}, ${direction}: a reader that stands still costs a buffer, however much waits for it`,
      async (t) => {
        const pour = (socket: Socket): void => {
          // Far more than the kernel takes on the way, and always the same memory.
          for (let i = 0; i < 12; i++) socket.write(NOISE);
        };
        const backend = await startServer(t, (socket) => {
          socket.pause();
          if (direction === 'down') pour(socket);
        });
        const { balancer, port } = await startBalancer(t, [{ backends: [backendSpec('n', backend.port)] }], {
          sockets,
        });
        const before = await memoryHeld();
        const clients: Socket[] = [];
        for (let i = 0; i < STALLED; i++) {
          const client = await startClient(t, port());
          client.pause();
          if (direction === 'up') pour(client);
          clients.push(client);
        }
        await until(() => backend.sockets.length === STALLED, 'all sessions');
        await standstill(balancer.sessions);
        const { buffers } = await memoryHeld();
        const moved = [...balancer.sessions].map(({ bytesIn, bytesOut }) => bytesIn + bytesOut);
        t.comment(
          `${Math.round((buffers - before.buffers) / 1024)} kB held, ${Math.round(Math.min(...moved) / 1024)} kB and more moved for each`,
        );
        t.ok(Math.min(...moved) > MOST_HELD, 'each had more to hold than it may');
        t.ok(Math.max(...moved) < 12 * NOISE.length, 'and none is through');
        t.ok(buffers - before.buffers <= STALLED * MOST_HELD, 'a buffer each');
        t.ok(largeBufferBytes() <= STALLED * MOST_HELD);
        // Nobody reads from a client whose bytes can't be passed on: that it is gone shows only when they can.
        for (const socket of [...clients, ...backend.sockets]) socket.resetAndDestroy();
        await balancer.sessions.whenEmpty();
        t.equal(largeBufferBytes(), 0);
      },
    );
  }
}
