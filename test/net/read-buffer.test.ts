import t from 'tap';
import { landing, largeBufferBytes, nextBuffer, ReadBuffer } from '../../src/net/read-buffer.ts';
import { seededRandom } from '../fixtures/candidates.ts';

/** A socket as libuv has it: reads into a buffer, and may have bytes of it in a write that is not done. */
class Model {
  readonly buffer = new ReadBuffer();
  readonly #id: number;
  #into: Buffer = landing;
  #pending: { readonly bytes: Buffer; readonly was: Buffer } | undefined;
  #reads = 0;

  constructor(id: number) {
    this.#id = id;
  }

  get stopped(): boolean {
    return this.#pending !== undefined;
  }

  get room(): number {
    return this.#into.length;
  }

  /** Reads `n` bytes; `done`: they were written at once. Whether the bytes were its own. */
  read(n: number, done: boolean): boolean {
    const value = (this.#id * 31 + this.#reads++) & 0xff;
    this.#into.fill(value, 0, n);
    const bytes = this.buffer.filled(n);
    const right = bytes.equals(Buffer.alloc(n, value));
    if (!done) this.#pending = { bytes, was: Buffer.from(bytes) };
    this.buffer.used(n, done);
    this.#into = nextBuffer();
    return right;
  }

  /** The pending write is done. Whether its bytes were still what they had been. */
  drain(): boolean {
    const right = this.#pending === undefined || this.#pending.bytes.equals(this.#pending.was);
    this.#pending = undefined;
    this.buffer.settle();
    return right;
  }
}

t.test('no bytes that wait to be written are ever read over, by whatever sockets do', async (t) => {
  const random = seededRandom(7);
  const pick = (n: number) => Math.floor(random() * n);
  const sockets = Array.from({ length: 30 }, (_, i) => new Model(i));
  let wrong = 0;
  let largest = 0;
  for (let step = 0; step < 20_000; step++) {
    const i = pick(sockets.length);
    const socket = sockets[i] as Model;
    if (socket.stopped) {
      if (!socket.drain()) wrong++;
    } else if (random() < 0.02) {
      socket.buffer.release();
      sockets[i] = new Model(step);
    } else {
      // Often full, often almost nothing: both change what it reads into.
      const n = random() < 0.4 ? socket.room : 1 + pick(random() < 0.5 ? 100 : socket.room - 1);
      if (!socket.read(n, random() < 0.7)) wrong++;
    }
    largest = Math.max(largest, largeBufferBytes());
  }
  t.equal(wrong, 0);
  t.ok(largest > 0, `up to ${largest} bytes of large buffers were in use`);
  for (const { buffer } of sockets) {
    buffer.release();
    buffer.release();
  }
  t.equal(largeBufferBytes(), 0, 'all given back, and once');
});

t.test('large buffers are bounded; over the bound a busy socket makes do with small reads', async (t) => {
  const sockets = Array.from({ length: 5000 }, (_, i) => new Model(i));
  for (const socket of sockets) socket.read(socket.room, true);
  t.ok(largeBufferBytes() <= 256 * 1024 * 1024);
  const small = sockets.filter(({ room }) => room === landing.length);
  t.ok(small.length > 0 && small.length < sockets.length, `${small.length} of them`);
  t.ok(small.every((socket) => socket.read(socket.room, true)));
  for (const { buffer } of sockets) buffer.release();
  t.equal(largeBufferBytes(), 0);
});
