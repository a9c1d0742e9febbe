// One TCP connection as a session sees it, accepted or dialled: what it reads goes to its `sink`, which changes as the
// session goes on, while the handlers on the socket stay the same for its life. Knows the order in which Node's sockets
// may be ended, reset and destroyed; decides nothing.

import type { Socket } from 'node:net';
import type { Handle, RawKit } from './raw-kit.ts';
import { RawSocket } from './raw-socket.ts';
import { ReadBuffer } from './read-buffer.ts';
import { GONE, type SocketName, type TcpSocket } from './tcp-socket.ts';

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

/** Where Node's own sockets keep their descriptor. */
interface HasHandle {
  readonly _handle?: { readonly fd?: number } | null;
}

interface OwnedSocket extends Socket {
  connection?: Connection;
}

/** How sockets that accept and dial are set up: half-open, and `write()` true exactly when the kernel took all bytes. */
export const SOCKET_OPTIONS = { allowHalfOpen: true, noDelay: true, highWaterMark: 1 } as const;

export class Connection {
  socket: TcpSocket;
  sink: Sink;
  /** Gets what a sink throws, so that a fault of ours ends one session and not the process. */
  onFault: (error: unknown) => void = rethrow;
  /** Whether it has sent its FIN. */
  ended = false;
  closed = false;
  #buffer: ReadBuffer | undefined;
  #error: Error | undefined;
  #finishing = false;
  /** Reading has stopped: it was told to, or the sink had enough. */
  #stopped = false;

  /** `make` builds the socket below it, which may hold on to the connection but not call it yet. */
  constructor(sink: Sink, buffer: ReadBuffer | undefined, make: (owner: Connection) => TcpSocket) {
    this.sink = sink;
    this.#buffer = buffer;
    this.socket = make(this);
  }

  /** Out of a socket that a server accepted; it reads from now on. */
  static accepted(socket: Socket): Connection {
    const connection = new Connection(UNCLAIMED, undefined, () => socket);
    listenTo(socket, connection).on('data', onData);
    return connection;
  }

  /** Out of a socket whose `onread` calls `read`. */
  static dialled(socket: Socket, sink: Sink): Connection {
    const connection = new Connection(sink, new ReadBuffer(), () => socket);
    listenTo(socket, connection);
    return connection;
  }

  /** Out of a bare handle, accepted or to be dialled with (see raw-socket.ts). */
  static raw(kit: RawKit, handle: Handle, sink: Sink = UNCLAIMED): Connection & { readonly socket: RawSocket } {
    const connection = new Connection(sink, new ReadBuffer(), (owner) => new RawSocket(kit, handle, owner));
    return connection as Connection & { readonly socket: RawSocket };
  }

  /** True: the kernel has all of it. False: wait for `onDrain`; the bytes must not change until then. */
  write(bytes: Buffer): boolean {
    return this.socket.write(bytes);
  }

  /** Whether something written is not with the kernel yet. */
  get blocked(): boolean {
    return this.socket.writableLength > 0;
  }

  /** It stands, and nothing of it is buffered on our side of the kernel. */
  get quiet(): boolean {
    const { socket } = this;
    if (this.closed || socket.destroyed || socket.connecting) return false;
    return socket.writableLength === 0 && (socket.readableLength ?? 0) === 0 && this.descriptor >= 0;
  }

  /** Our end's address; asked of the kernel each time. */
  get local(): SocketName {
    const { socket } = this;
    if (socket instanceof RawSocket) return socket.localName();
    const { localAddress, localPort } = socket as Socket;
    return { address: localAddress, port: localPort };
  }

  /** The other end's address; asked of the kernel each time. */
  get remote(): SocketName {
    const { socket } = this;
    if (socket instanceof RawSocket) return socket.remoteName();
    const { remoteAddress, remotePort } = socket as Socket;
    return { address: remoteAddress, port: remotePort };
  }

  /** Negative: none. */
  get descriptor(): number {
    const { socket } = this;
    return socket instanceof RawSocket ? socket.descriptor : ((socket as HasHandle)._handle?.fd ?? -1);
  }

  /**
   * Closes it without a FIN or a RST: somebody else holds a duplicate of its descriptor. Nobody hears of it any more, and
   * what it was made of is let go, since its session may stay for days.
   */
  leave(): void {
    this.sink = LEFT;
    this.socket.destroy();
  }

  /** It is closed and only a name from now on. */
  forget(): void {
    this.release();
    this.#buffer = undefined;
    this.socket = GONE;
  }

  pause(): void {
    this.#stopped = true;
    this.socket.pause();
  }

  /** Reads on, if it had stopped. */
  resume(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    // What was being written is with the kernel. (While it reads, the bytes at hand are about to be.)
    this.#buffer?.settle();
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
    try {
      const readOn = this.sink.onData(buffer.filled(n), this);
      buffer.used(n, readOn);
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

  // What the socket tells, for its handlers.

  heardEnd(): void {
    this.ended = true;
    try {
      this.sink.onEnd(this);
    } catch (error) {
      this.onFault(error);
    }
  }

  heardDrain(): void {
    if (this.#finishing && !this.socket.writableEnded) this.#sendFin();
    try {
      this.sink.onDrain(this);
    } catch (error) {
      this.onFault(error);
    }
  }

  heardError(error: Error): void {
    this.#error ??= error;
  }

  heardClose(): void {
    this.closed = true;
    try {
      this.sink.onClose(this, this.#error);
    } catch (error) {
      this.onFault(error);
    }
  }
}

/** The sink of a connection that nobody wants any more. */
export const DROPPED: Sink = {
  onData: () => true,
  onEnd: () => {},
  onDrain: () => {},
  onClose: (from) => from.release(),
};

/** The sink of a connection that somebody else goes on with. */
const LEFT: Sink = { ...DROPPED, onClose: (from) => from.forget() };

/** The sink until a session takes the connection, which happens in the same turn. */
const UNCLAIMED: Sink = { onData: () => false, onEnd: () => {}, onDrain: () => {}, onClose: () => {} };

function listenTo(socket: OwnedSocket, connection: Connection): Socket {
  socket.connection = connection;
  return socket.on('end', onEnd).on('drain', onDrain).on('error', onError).on('close', onClose);
}

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
  this.connection?.heardEnd();
}

function onDrain(this: OwnedSocket): void {
  this.connection?.heardDrain();
}

function onError(this: OwnedSocket, error: Error): void {
  this.connection?.heardError(error);
}

function onClose(this: OwnedSocket): void {
  this.connection?.heardClose();
}
