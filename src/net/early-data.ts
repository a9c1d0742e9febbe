// What a client sent before its session had a backend: kept until a backend took it, so that a failed dial loses
// nothing. Kept hellos are bounded over all sessions.

/** While a session waits for a backend it reads no more than this, in bytes. */
export const MOST_EARLY = 16 * 1024;
/** What the kept hellos of all sessions may hold together, in bytes. */
const MOST_KEPT = 64 * 1024 * 1024;

let keptInAll = 0;

/** Bytes that the kept hellos of all sessions hold now. */
export function keptHelloBytes(): number {
  return keptInAll;
}

export class EarlyData {
  #chunks: Buffer[] = [];
  #bytes = 0;
  #kept = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get chunks(): readonly Buffer[] {
    return this.#chunks;
  }

  /** Copies: the connection may read over its bytes again. */
  add(bytes: Buffer): void {
    this.#chunks.push(Buffer.from(bytes));
    this.#bytes += bytes.length;
  }

  /** Takes the first `n` bytes away (a PROXY header, which is not the backend's). */
  dropFirst(n: number): void {
    const rest = this.whole().subarray(n);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#bytes = rest.length;
  }

  /** All of it as one piece. */
  whole(): Buffer {
    const [first] = this.#chunks;
    if (this.#chunks.length === 1 && first !== undefined) return first;
    const whole = Buffer.concat(this.#chunks, this.#bytes);
    this.#chunks = whole.length === 0 ? [] : [whole];
    return whole;
  }

  /** Keeps it for another backend; false where all kept hellos together would be too much. */
  keep(): boolean {
    if (keptInAll + this.#bytes > MOST_KEPT) return false;
    this.#kept = this.#bytes;
    keptInAll += this.#kept;
    return true;
  }

  /** A backend has it; nobody else will need it. */
  forget(): void {
    keptInAll -= this.#kept;
    this.#kept = 0;
    this.#chunks = [];
  }
}
