// The listening sockets that this process was started with. Each can be taken once: whoever took it closes it one day, and
// its number may be anything's from then on.

import { closeSync } from 'node:fs';
import { SocketFile } from './unix-socket.ts';

const SYSTEMD = 'systemd:';
const UNIX = 'unix:';

export class InheritedSockets {
  readonly #left: Map<string, number>;
  readonly #passed: ReadonlySet<string>;

  /** Descriptors by what they are for: `systemd:NAME`, or an address as `listenKey` writes it. */
  constructor(descriptors: ReadonlyMap<string, number>) {
    this.#left = new Map(descriptors);
    this.#passed = new Set(descriptors.keys());
  }

  /** Whether there is one to be taken. */
  has(key: string): boolean {
    return this.#left.has(key);
  }

  /** The descriptor, which is the caller's from now on. */
  take(key: string): number | undefined {
    const fd = this.#left.get(key);
    this.#left.delete(key);
    return fd;
  }

  /** Whether it was among them, taken or not. */
  wasPassed(key: string): boolean {
    return this.#passed.has(key);
  }

  /** The names of systemd's that were passed, taken or not. */
  get systemdNames(): readonly string[] {
    return namesIn(this.#passed);
  }

  /** The names of systemd's that nobody has taken. */
  get unused(): readonly string[] {
    return namesIn(this.#left.keys());
  }

  /** What nobody has taken, to be passed on. */
  get left(): ReadonlyMap<string, number> {
    return this.#left;
  }

  /**
   * Closes what nobody has taken, or the kernel would go on completing handshakes for clients that nobody serves. Not
   * systemd's: it holds them as well, so no port would be closed, and a reload may want one.
   */
  closeUnused(): void {
    for (const [key, fd] of this.#left) {
      if (key.startsWith(SYSTEMD)) continue;
      this.#left.delete(key);
      // The process that bound it leaves its path to us.
      if (key.startsWith(UNIX)) new SocketFile(key.slice(UNIX.length)).remove();
      closeSync(fd);
    }
  }
}

function namesIn(keys: Iterable<string>): readonly string[] {
  return [...keys].flatMap((key) => (key.startsWith(SYSTEMD) ? [key.slice(SYSTEMD.length)] : []));
}
