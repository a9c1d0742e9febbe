// A Unix socket that is asked line by line, within bounds: so many clients, lines of so many bytes, and so long without a
// byte in either direction. A client is read only as fast as it is answered. What a line means is not known here.

import { createServer, type Server, type Socket } from 'node:net';
import type { Clock, Timer } from '../core/clock.ts';
import { removeStaleSocket } from './unix-socket.ts';

export interface LineServerOptions {
  readonly clock: Clock;
  readonly maxClients: number;
  readonly maxLineBytes: number;
  /** Until a client says otherwise. */
  readonly silentMs: number;
  /** Resolves when nothing more is to be said; the connection is closed then. What it throws is given to `onFault`. */
  readonly serve: (client: LineClient) => Promise<void>;
  readonly onFault: (error: Error) => void;
}

export class LineServer {
  readonly #server: Server;
  readonly #clients = new Set<LineClient>();

  constructor(options: LineServerOptions) {
    // A client that has said all (`echo … | socat`) still gets its answer.
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
      const client = new LineClient(socket, options);
      this.#clients.add(client);
      socket.once('close', () => this.#clients.delete(client));
      options
        .serve(client)
        .catch((error: unknown) => options.onFault(error instanceof Error ? error : new Error(String(error))))
        .finally(() => client.close());
    });
    this.#server.maxConnections = options.maxClients;
  }

  /** Binds; a socket that nobody listens on any more is removed first. Rejects with Node's error. */
  async start(path: string): Promise<void> {
    await removeStaleSocket(path);
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ path }, () => {
        this.#server.off('error', reject);
        // What fails later is an accept; the next one may succeed.
        this.#server.on('error', () => {});
        resolve();
      });
    });
  }

  /** Stops listening, removes the socket's file and ends every connection. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      // The only error is that it doesn't run, which is what is wanted.
      this.#server.close(() => resolve());
      for (const client of this.#clients) client.cut();
    });
  }
}

export class LineClient {
  /** How long it may be silent, or not read what it was sent. */
  silentMs: number;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #maxLineBytes: number;
  #timer: Timer | undefined;

  constructor(socket: Socket, { clock, maxLineBytes, silentMs }: LineServerOptions) {
    this.#socket = socket;
    this.#clock = clock;
    this.#maxLineBytes = maxLineBytes;
    this.silentMs = silentMs;
    // Its close is all that matters.
    socket.on('error', () => {});
  }

  /**
   * Its lines without their ends, until it has said all, is silent for too long, or is gone. A line that is too long is
   * `undefined`, and the last one.
   */
  async *lines(): AsyncGenerator<string | undefined> {
    let rest: Buffer = Buffer.alloc(0);
    this.#watch();
    try {
      for await (const chunk of this.#socket) {
        rest = Buffer.concat([rest, chunk as Buffer]);
        for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE)) {
          if (end > this.#maxLineBytes) break;
          const line = text(rest.subarray(0, end));
          rest = rest.subarray(end + 1);
          this.#unwatch();
          yield line;
          this.#watch();
        }
        if (rest.length > this.#maxLineBytes) {
          yield undefined;
          return;
        }
        this.#watch();
      }
      if (rest.length > 0) yield text(rest);
    } catch {
      // It is gone.
    } finally {
      this.#unwatch();
    }
  }

  /** Resolves when it was taken; false: it is gone, or did not read it in time. */
  write(words: string): Promise<boolean> {
    const socket = this.#socket;
    if (socket.destroyed || !socket.writable) return Promise.resolve(false);
    if (socket.write(words)) return Promise.resolve(true);
    this.#watch();
    return new Promise((resolve) => {
      const done = (): void => {
        this.#unwatch();
        socket.off('drain', done);
        socket.off('close', done);
        resolve(!socket.destroyed);
      };
      socket.on('drain', done);
      socket.on('close', done);
    });
  }

  /** Sends what is left, for at most as long as it may be silent, and closes. */
  close(): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    this.#watch();
    socket.once('close', () => this.#unwatch());
    socket.end(() => socket.destroy());
  }

  cut(): void {
    this.#unwatch();
    this.#socket.destroy();
  }

  #watch(): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(this.silentMs, () => this.cut());
  }

  #unwatch(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

const NEWLINE = 0x0a;

function text(line: Buffer): string {
  return line.toString('utf8').replace(/\r$/, '');
}
