// What one socket reads into. While little comes, all sockets land in one small buffer and what they read is copied out
// of it, so that an idle session holds no buffer at all; while a lot comes, a socket has a large one of its own, whose
// bytes are written as they are. A buffer that is written from belongs to exactly one socket, because libuv keeps a
// pointer into it while the write is pending; one shared by several sockets and not copied mixes their data.

import type { OnReadOpts } from 'node:net';

const SMALL = 4 * 1024;
const LARGE = 64 * 1024;
const SLAB = 256 * 1024;
/** What all large buffers of the process may hold together, in bytes; over it a session makes do with small reads. */
const MOST_LARGE = 256 * 1024 * 1024;
/** Large buffers kept for the next busy session, at most. */
const MOST_SPARE = 256;

/** Every read of a socket without a large buffer. Nobody writes from it. */
export const landing = Buffer.allocUnsafeSlow(SMALL);
const spareSmall: Buffer[] = [];
const spareLarge: Buffer[] = [];
let largeInUse = 0;

/** What the socket that just read reads into next: Node asks for it right after the callback, without saying for whom. */
let next: Buffer = landing;

export function nextBuffer(): Buffer {
  const buffer = next;
  next = landing;
  return buffer;
}

/** The `onread` of a socket: `callback` gets the number of bytes read and hands it to its ReadBuffer. */
export function readInto(callback: (n: number) => boolean): OnReadOpts {
  return { buffer: nextBuffer, callback };
}

/** Bytes that large buffers hold now, over all sessions. */
export function largeBufferBytes(): number {
  return largeInUse;
}

export class ReadBuffer {
  #large: Buffer | undefined;
  /** A copy out of the landing that is still being written. */
  #held: Buffer | undefined;

  /** The `n` bytes that were just read, good until `used` says otherwise. */
  filled(n: number): Buffer {
    const large = this.#large;
    if (large !== undefined) return n === LARGE ? large : large.subarray(0, n);
    const copy = takeSmall();
    this.#held = copy;
    landing.copy(copy, 0, 0, n);
    return n === SMALL ? copy : copy.subarray(0, n);
  }

  /** What became of them: `done`, or still being written. Grows when a read filled the buffer, shrinks when little came. */
  used(n: number, done: boolean): void {
    if (done) this.settle();
    if (this.#large === undefined) {
      if (n === SMALL) this.#large = takeLarge();
    } else if (n <= SMALL && done) {
      giveLarge(this.#large);
      this.#large = undefined;
    }
    next = this.#large ?? landing;
  }

  /** The pending write is done. */
  settle(): void {
    if (this.#held === undefined) return;
    spareSmall.push(this.#held);
    this.#held = undefined;
  }

  /** Only once neither this socket reads nor any other still writes from it. */
  release(): void {
    this.settle();
    if (this.#large !== undefined) giveLarge(this.#large);
    this.#large = undefined;
  }
}

function takeSmall(): Buffer {
  const spare = spareSmall.pop();
  if (spare !== undefined) return spare;
  const slab = Buffer.allocUnsafeSlow(SLAB);
  for (let at = SMALL; at < SLAB; at += SMALL) spareSmall.push(slab.subarray(at, at + SMALL));
  return slab.subarray(0, SMALL);
}

function takeLarge(): Buffer | undefined {
  if (largeInUse + LARGE > MOST_LARGE) return undefined;
  largeInUse += LARGE;
  return spareLarge.pop() ?? Buffer.allocUnsafeSlow(LARGE);
}

function giveLarge(buffer: Buffer): void {
  largeInUse -= LARGE;
  if (spareLarge.length < MOST_SPARE) spareLarge.push(buffer);
}
