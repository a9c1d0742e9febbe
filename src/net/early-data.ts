// What a client sent before its session had a backend: kept until a backend took it, so that a failed dial loses
// nothing. Kept hellos, those that are not whole yet included, are bounded over all sessions.

/** While a session waits for a backend it reads no more than this, in bytes. */
export const MOST_EARLY = 16 * 1024;
/** What the kept hellos of all sessions may hold together, in bytes. */
export const MOST_KEPT = 64 * 1024 * 1024;

const NOTHING = Buffer.alloc(0);
let keptInAll = 0;

/** Bytes that the kept hellos of all sessions hold now. */
export function keptHelloBytes(): number {
  return keptInAll;
}

export class EarlyData {
  /** Has room for more than `bytes`: a client that sends byte by byte must not cost a piece of memory for each. */
  #buffer = NOTHING;
  #bytes = 0;
  #isHello = false;
  #counted = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** Copies: the connection may read over its bytes again. */
  add(bytes: Buffer): void {
    const end = this.#bytes + bytes.length;
    if (end > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(this.#bytes === 0 ? end : Math.max(end, 2 * this.#buffer.length));
      this.#buffer.copy(grown, 0, 0, this.#bytes);
      this.#buffer = grown;
    }
    bytes.copy(this.#buffer, this.#bytes);
    this.#bytes = end;
    if (this.#isHello) this.#count(bytes.length);
  }

  /** Takes the first `n` bytes away (a PROXY header, which is not the backend's). */
  dropFirst(n: number): void {
    this.#buffer = this.#buffer.subarray(n);
    this.#bytes -= n;
  }

  /** All of it as one piece. */
  whole(): Buffer {
    return this.#buffer.subarray(0, this.#bytes);
  }

  /** It is, or may become, a hello to keep for another backend: from now on it counts. */
  expectHello(): void {
    this.#isHello = true;
    this.#count(this.#bytes);
  }

  /** False where all kept hellos together are too much. */
  mayKeep(): boolean {
    return keptInAll <= MOST_KEPT;
  }

  /** A backend has it; nobody else will need it. */
  forget(): void {
    keptInAll -= this.#counted;
    this.#counted = 0;
    this.#isHello = false;
    this.#buffer = NOTHING;
  }

  #count(n: number): void {
    this.#counted += n;
    keptInAll += n;
  }
}
