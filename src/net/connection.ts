// One TCP connection as a session sees it, accepted or dialled: what it reads goes to its `sink`, which changes as the
// session goes on, while the handlers on the socket stay the same for its life. Knows the order in which Node's sockets
// may be ended, reset and destroyed; decides nothing.

import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import { ReadBuffer } from './read-buffer.ts';

export interface Sink {
  /**
   * Bytes that `from` read. True: they are used up, read on. False: they are still being written, or enough is held:
   * reading stops until `from.resume()`. After true the bytes may be overwritten: who keeps them copies them.
   */
  onData(bytes: Buffer, from: Connection): boolean;
  /** `from` sent a FIN; everything before it was delivered. */
  onEnd(from: Connection): void;
  /** All that was written to `from` is with the kernel, after a `write` that said false. */
  onDrain(from: Connection): void;
  /** `from` is gone. `error`: it did not go in peace. Called exactly once. */
  onClose(from: Connection, error: Error | undefined): void;
}

interface OwnedSocket extends Socket {
  connection?: Connection;
}

/** How sockets that accept and dial are set up: half-open, and `write()` true exactly when the kernel took all bytes. */
export const SOCKET_OPTIONS = { allowHalfOpen: true, noDelay: true, highWaterMark: 1 } as const;

export class Connection {
  readonly socket: Socket;
  sink: Sink;
  /** Gets what a sink throws, so that a fault of ours ends one session and not the process. */
  onFault: (error: unknown) => void = rethrow;
  /** Whether it has sent its FIN. */
  ended = false;
  closed = false;
  readonly #buffer: ReadBuffer | undefined;
  #error: Error | undefined;
  #finishing = false;
  /** Reading has stopped: it was told to, or the sink had enough. */
  #stopped = false;

  constructor(socket: Socket, sink: Sink, buffer: ReadBuffer | undefined) {
    this.socket = socket;
    this.sink = sink;
    this.#buffer = buffer;
    (socket as OwnedSocket).connection = this;
    socket.on('end', onEnd).on('drain', onDrain).on('error', onError).on('close', onClose);
  }

  /** Out of a socket that a server accepted; it reads from now on. */
  static accepted(socket: Socket): Connection {
    const connection = new Connection(socket, UNCLAIMED, undefined);
    socket.on('data', onData);
    return connection;
  }

  /** Out of the handle of an accepted socket (see raw-accept.ts): reads into a buffer of its own. */
  static wrapped(handle: object): Connection {
    const buffer = new ReadBuffer();
    const options: SocketConstructorOpts & { handle: never } = {
      ...SOCKET_OPTIONS,
      handle: handle as never,
      onread: readInto(buffer, (n) => connection.read(n)),
    };
    const connection: Connection = new Connection(new Socket(options), UNCLAIMED, buffer);
    return connection;
  }

  /** True: the kernel has all of it. False: wait for `onDrain`; the bytes must not change until then. */
  write(bytes: Buffer): boolean {
    return this.socket.write(bytes);
  }

  /** Whether something written is not with the kernel yet. */
  get blocked(): boolean {
    return this.socket.writableLength > 0;
  }

  pause(): void {
    this.#stopped = true;
    this.socket.pause();
  }

  /** Reads on, if it had stopped. */
  resume(): void {
    this.#buffer?.settle();
    if (!this.#stopped) return;
    this.#stopped = false;
    this.socket.resume();
  }

  /** Has TCP ask after `ms` of silence whether the peer is still there. */
  keepAlive(ms: number): void {
    if (!this.closed) this.socket.setKeepAlive(true, ms);
  }

  /** A FIN, after everything written. Our own FIN waits for the drain, so that a reset stays possible meanwhile. */
  finish(): void {
    if (this.#finishing || this.closed) return;
    this.#finishing = true;
    if (!this.blocked) this.#sendFin();
  }

  /** A RST, at once; what was not sent yet is lost. A Unix socket knows no RST and is closed. */
  reset(): void {
    const { socket } = this;
    if (this.closed || socket.destroyed) return;
    if (socket.writableEnded && !socket.writableFinished) {
      // libuv refuses a reset while its shutdown is under way, and would leak the descriptor: one turn later it is done.
      socket.once('finish', () => this.reset());
      return;
    }
    try {
      socket.resetAndDestroy();
    } catch {
      socket.destroy();
    }
  }

  /** A FIN and an end of reading, now: what is not with the kernel by now is lost. */
  close(): void {
    if (this.closed || this.socket.destroyed) return;
    if (this.blocked) this.socket.destroy();
    else this.socket.destroySoon();
  }

  /** Gives the read buffer back: only when the peer's writes out of it have ended too. */
  release(): void {
    this.#buffer?.release();
  }

  /** For `onread`: bytes are in the buffer. False stops the reading at once. */
  read(n: number): boolean {
    const buffer = this.#buffer;
    if (buffer === undefined) return true;
    const { current } = buffer;
    try {
      const readOn = this.sink.onData(n === current.length ? current : current.subarray(0, n), this);
      buffer.adapt(n, !readOn);
      if (!readOn) this.#stopped = true;
      return readOn;
    } catch (error) {
      this.onFault(error);
      return true;
    }
  }

  #sendFin(): void {
    // With both directions over, the close says it: no shutdown, and no turn of the loop to wait for it.
    if (this.ended) this.socket.destroy();
    else this.socket.end();
  }

  /** Handlers on the socket, shared by all connections. */
  static onSocketEnd(connection: Connection): void {
    connection.ended = true;
    try {
      connection.sink.onEnd(connection);
    } catch (error) {
      connection.onFault(error);
    }
  }

  static onSocketDrain(connection: Connection): void {
    if (connection.#finishing && !connection.socket.writableEnded) connection.#sendFin();
    try {
      connection.sink.onDrain(connection);
    } catch (error) {
      connection.onFault(error);
    }
  }

  static onSocketError(connection: Connection, error: Error): void {
    connection.#error ??= error;
  }

  static onSocketClose(connection: Connection): void {
    connection.closed = true;
    try {
      connection.sink.onClose(connection, connection.#error);
    } catch (error) {
      connection.onFault(error);
    }
  }
}

/** The `onread` of a socket that reads into `buffer`. */
export function readInto(buffer: ReadBuffer, callback: (n: number) => boolean): OnReadOpts {
  // Node's types want a buffer each time; undefined keeps the one that is in use.
  return { buffer: () => buffer.next() as Buffer, callback };
}

/** The sink of a connection that nobody wants any more. */
export const DROPPED: Sink = {
  onData: () => true,
  onEnd: () => {},
  onDrain: () => {},
  onClose: (from) => from.release(),
};

/** The sink until a session takes the connection, which happens in the same turn. */
const UNCLAIMED: Sink = { onData: () => false, onEnd: () => {}, onDrain: () => {}, onClose: () => {} };

function onData(this: OwnedSocket, bytes: Buffer): void {
  const { connection } = this;
  if (connection === undefined) return;
  try {
    if (!connection.sink.onData(bytes, connection)) connection.pause();
  } catch (error) {
    connection.onFault(error);
  }
}

function rethrow(error: unknown): void {
  throw error;
}

function onEnd(this: OwnedSocket): void {
  if (this.connection !== undefined) Connection.onSocketEnd(this.connection);
}

function onDrain(this: OwnedSocket): void {
  if (this.connection !== undefined) Connection.onSocketDrain(this.connection);
}

function onError(this: OwnedSocket, error: Error): void {
  if (this.connection !== undefined) Connection.onSocketError(this.connection, error);
}

function onClose(this: OwnedSocket): void {
  if (this.connection !== undefined) Connection.onSocketClose(this.connection);
}
