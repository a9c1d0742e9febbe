// The buffer that one socket reads into: small while little comes, large while a lot does. A buffer belongs to exactly
// one socket, because libuv keeps a pointer into it while a write of its bytes is pending; one shared by several sockets
// mixes their data. Pools keep what is given back; the sum of the large ones is bounded.

const SMALL = 2 * 1024;
const LARGE = 64 * 1024;
const SLAB = 256 * 1024;
/** What all large buffers of the process may hold together, in bytes. */
const MOST_LARGE = 256 * 1024 * 1024;
/** Large buffers kept for the next busy session, at most. */
const MOST_SPARE = 256;

const spareSmall: Buffer[] = [];
const spareLarge: Buffer[] = [];
let largeInUse = 0;

function takeSmall(): Buffer {
  const spare = spareSmall.pop();
  if (spare !== undefined) return spare;
  // Unpooled and untouched: pages that no socket has read into take no memory.
  const slab = Buffer.allocUnsafeSlow(SLAB);
  for (let at = 0; at < SLAB; at += SMALL) spareSmall.push(slab.subarray(at, at + SMALL));
  return spareSmall.pop() ?? slab.subarray(0, SMALL);
}

function takeLarge(): Buffer | undefined {
  if (largeInUse + LARGE > MOST_LARGE) return undefined;
  largeInUse += LARGE;
  return spareLarge.pop() ?? Buffer.allocUnsafeSlow(LARGE);
}

function giveBack(buffer: Buffer): void {
  if (buffer.length === SMALL) {
    spareSmall.push(buffer);
    return;
  }
  largeInUse -= LARGE;
  if (spareLarge.length < MOST_SPARE) spareLarge.push(buffer);
}

/** Bytes that large buffers hold now, over all sessions. */
export function largeBufferBytes(): number {
  return largeInUse;
}

export class ReadBuffer {
  /** What the next read goes into. */
  current: Buffer = takeSmall();
  /** Replaced while a write of its bytes was pending; free once the reading goes on. */
  #retired: Buffer | undefined;
  /** The first call of `next` names the first buffer. */
  #changed = true;
  #released = false;

  /** After a read of `n` bytes: grow when it filled the buffer, shrink when little came. `pending`: its bytes are still being written. */
  adapt(n: number, pending: boolean): void {
    if (n === this.current.length) {
      if (n === SMALL && this.#retired === undefined) this.#replace(takeLarge(), pending);
    } else if (n <= SMALL && this.current.length > SMALL && !pending) {
      this.#replace(takeSmall(), false);
    }
  }

  /** For `onread`: the buffer to read into from now on, or undefined: the same. */
  readonly next = (): Buffer | undefined => {
    if (!this.#changed) return undefined;
    this.#changed = false;
    return this.current;
  };

  /** The pending write is done: what it held is free. */
  settle(): void {
    if (this.#retired === undefined) return;
    giveBack(this.#retired);
    this.#retired = undefined;
  }

  /** Only when neither this socket reads nor any other still writes from it. A second time it does nothing. */
  release(): void {
    // Given back twice, it would be given out twice: to two sockets.
    if (this.#released) return;
    this.#released = true;
    this.settle();
    giveBack(this.current);
  }

  #replace(buffer: Buffer | undefined, pending: boolean): void {
    if (buffer === undefined) return;
    if (pending) this.#retired = this.current;
    else giveBack(this.current);
    this.current = buffer;
    this.#changed = true;
  }
}
