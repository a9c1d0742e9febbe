// Where log lines leave the process: a bounded, asynchronous writer on one descriptor. It never waits for the reader: when
// stdout is blocked, lines collect up to a bound and are then dropped and counted. It knows nothing of what a line says.
//
// The descriptor must not block: a write that hangs holds one of Node's pool threads, and a process can't exit while one
// hangs. Node makes a pipe or socket on stdout non-blocking when `process.stdout` is first touched, which main does.

import { type DestinationStream, destination } from 'pino';
import type { Clock, Timer } from '../core/clock.ts';

export interface LogDestinationOptions {
  /** Closed with the destination, unless it is 1 or 2. */
  readonly fd: number;
  readonly clock: Clock;
  /** At most this many bytes wait to be written. */
  readonly maxBytes: number;
  /** So many bytes are collected before they are written, at most for `batchMs`. 1: each line at once. */
  readonly batchBytes: number;
  readonly batchMs: number;
  /** Called when lines flow again after some were dropped, with how many since the last call. */
  readonly flowing: (dropped: number) => void;
}

/** What a pipe holds. */
const MAX_WRITE = 64 * 1024;

/** How long the stream pauses before it tries a full pipe again (fixed in sonic-boom). */
const RETRY_PAUSE_MS = 100;

/** After an error other than a blocked or closed pipe (a full disk), the writer tries again this much later. */
const RETRY_MS = 1000;

export class LogDestination implements DestinationStream {
  readonly #options: LogDestinationOptions;
  readonly #stream: ReturnType<typeof destination>;
  #state: 'open' | 'closing' | 'closed' = 'open';
  /** The reader is gone for good (EPIPE). */
  #broken = false;
  #pending = 0;
  #dropped = 0;
  #droppedUntold = 0;
  #timer: Timer | undefined;

  constructor(options: LogDestinationOptions) {
    this.#options = options;
    this.#stream = destination({
      dest: options.fd,
      sync: false,
      minLength: options.batchBytes,
      maxLength: options.maxBytes,
      // There is one write per turn of the loop at most: with the default of 16 kB, a loop with long turns falls behind.
      maxWrite: MAX_WRITE,
      // As text, each line would be appended to a chunk whose length is then counted anew: 7 µs a line where this takes 1.
      contentMode: 'buffer',
      // While open, a full pipe is waited for; after close() gave up, nothing may go on waiting.
      retryEAGAIN: () => this.#state !== 'closed',
    });
    this.#stream.on('drop', () => this.#drop());
    this.#stream.on('write', (bytes: number) => {
      this.#pending = Math.max(0, this.#pending - bytes);
    });
    this.#stream.on('drain', () => this.#drained());
    this.#stream.on('error', (error: NodeJS.ErrnoException) => this.#failed(error));
  }

  /** Lines that were dropped since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** One line, with its newline. Never throws, never waits. */
  write(line: string): void {
    if (this.#state !== 'open' || this.#broken) {
      this.#dropped++;
      return;
    }
    const before = this.#dropped;
    const bytes = Buffer.from(line);
    // With contentMode 'buffer' it takes buffers; its type file knows only text.
    this.#stream.write(bytes as unknown as string);
    if (this.#dropped !== before) return;
    this.#pending += bytes.length;
    this.#flushAfter(this.#options.batchMs);
  }

  /**
   * Writes out what waits, for at most `withinMs` (and a fifth of a second to give up), and closes. What can't be written
   * by then is lost. Never rejects.
   */
  async close(withinMs: number): Promise<void> {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#timer?.cancel();
    let deadline: Timer | undefined;
    let finish = (): void => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    try {
      if (this.#broken) return;
      deadline = this.#options.clock.after(withinMs, () => {
        // An attempt that waits its turn now ends as an error. Were the descriptor closed before that, the attempt could
        // hit whatever has the number by then.
        this.#state = 'closed';
        deadline = this.#options.clock.after(RETRY_PAUSE_MS * 2, finish);
      });
      this.#stream.once('close', finish);
      this.#stream.once('error', finish);
      this.#stream.end();
      await finished;
    } finally {
      deadline?.cancel();
      this.#state = 'closed';
      this.#stream.off('close', finish);
      this.#stream.off('error', finish);
      // Also keeps pino's own exit handler from flushing synchronously, which may never return.
      this.#stream.destroy();
    }
  }

  #drop(): void {
    this.#dropped++;
    this.#droppedUntold++;
  }

  #drained(): void {
    if (this.#state !== 'open') return;
    const untold = this.#droppedUntold;
    this.#droppedUntold = 0;
    if (untold > 0) this.#options.flowing(untold);
    // Less than a batch is left: it must not wait for the next line.
    if (this.#pending > 0) this.#flushAfter(this.#options.batchMs);
  }

  #failed(error: NodeJS.ErrnoException): void {
    if (error.code === 'EPIPE') this.#broken = true;
    else if (this.#state === 'open') this.#flushAfter(RETRY_MS);
  }

  #flushAfter(ms: number): void {
    if (this.#timer !== undefined) return;
    this.#timer = this.#options.clock.after(ms, () => {
      this.#timer = undefined;
      if (this.#state === 'open' && !this.#broken && this.#pending > 0) this.#stream.flush();
    });
  }
}
