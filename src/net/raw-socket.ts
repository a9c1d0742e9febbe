// A TCP socket directly on Node's handle, without the stream machinery of `net.Socket`: what a relay needs and no more,
// at a third of the cost of a new connection. It uses names that Node keeps for itself; raw-kit.ts finds them, and
// nothing here runs before a self-test has seen all of it work in this very process.

import { getSystemErrorName } from 'node:util';
import type { ConnectRequest, Handle, RawKit, Request } from './raw-kit.ts';
import { landing, nextBuffer } from './read-buffer.ts';
import type { SocketName, TcpSocket } from './tcp-socket.ts';

/** Hears what a raw socket hears. */
export interface RawOwner {
  /** `n` bytes are in the read buffer. False: stop reading. */
  read(n: number): boolean;
  heardEnd(): void;
  heardDrain(): void;
  heardError(error: Error): void;
  heardClose(): void;
}

const UV_EOF = -4095;
const ECONNRESET = -104;
/** What `shutdown` says when there is nothing to wait for: done already, or no longer connected. */
const SHUTDOWN_DONE: ReadonlySet<number> = new Set([1, -107]);

export class RawSocket implements TcpSocket {
  destroyed = false;
  writableEnded = false;
  writableFinished = false;
  connecting = false;
  readonly #kit: RawKit;
  readonly #handle: Handle;
  readonly #owner: RawOwner;
  #pendingWrites = 0;
  #reading = false;
  #sawEnd = false;
  #destroyOnFinish = false;
  #finished: (() => void) | undefined;

  constructor(kit: RawKit, handle: Handle, owner: RawOwner) {
    this.#kit = kit;
    this.#handle = handle;
    this.#owner = owner;
    handle.raw = this;
    handle.onread = onRead;
  }

  /** Begins to read; only once it is connected. */
  start(): void {
    this.#handle.useUserBuffer(landing);
    this.resume();
  }

  /** Dials; `connected` is called once if it comes to stand, else the owner hears an error and a close. */
  connect(address: string, port: number, sourceAddress: string | undefined, connected: () => void): void {
    this.connecting = true;
    const request = new this.#kit.TCPConnectWrap();
    request.oncomplete = (status) => this.#connected(status, connected);
    const error = this.#bindAndConnect(request, address, port, sourceAddress);
    if (error !== 0) this.#fail(error, 'connect');
  }

  /** Negative: none. */
  get descriptor(): number {
    return this.#handle.fd;
  }

  get writableLength(): number {
    return this.#pendingWrites;
  }

  localName(): SocketName {
    return this.#name('getsockname');
  }

  remoteName(): SocketName {
    return this.#name('getpeername');
  }

  write(bytes: Buffer): boolean {
    if (this.destroyed) return false;
    const request = this.#kit.takeWrite();
    const error = this.#handle.writeBuffer(request, bytes);
    if (error !== 0) {
      this.#fail(error, 'write');
      return false;
    }
    if (!this.#kit.lastWriteWasAsync()) {
      this.#kit.giveWrite(request);
      return true;
    }
    request.oncomplete = onWritten;
    request.raw = this;
    // libuv writes from it until the request completes.
    request.bytes = bytes;
    this.#pendingWrites++;
    return false;
  }

  pause(): void {
    if (!this.#reading) return;
    this.#reading = false;
    if (!this.destroyed) this.#handle.readStop();
  }

  resume(): void {
    if (this.#reading || this.destroyed || this.connecting || this.#sawEnd) return;
    this.#reading = true;
    const error = this.#handle.readStart();
    if (error !== 0) this.#fail(error, 'read');
  }

  end(): void {
    if (this.writableEnded || this.destroyed) return;
    this.writableEnded = true;
    const request = new this.#kit.ShutdownWrap();
    request.oncomplete = onShutdown;
    request.raw = this;
    const result = this.#handle.shutdown(request);
    if (SHUTDOWN_DONE.has(result)) this.#finish();
    else if (result !== 0) this.#fail(result, 'shutdown');
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.#handle.close(() => this.#owner.heardClose());
  }

  destroySoon(): void {
    this.#destroyOnFinish = true;
    this.end();
    if (this.writableFinished) this.destroy();
  }

  resetAndDestroy(): void {
    if (this.destroyed) return;
    const error = this.#handle.reset(() => this.#owner.heardClose());
    // A reset that libuv refuses must not keep the descriptor.
    if (error === 0) this.destroyed = true;
    else this.destroy();
  }

  setKeepAlive(on: boolean, initialDelayMs: number): void {
    if (!this.destroyed) this.#handle.setKeepAlive(on, Math.ceil(initialDelayMs / 1000));
  }

  once(_event: 'finish', listener: () => void): void {
    this.#finished = listener;
  }

  /** Called by the handle. The answer is the buffer to read into next. */
  heardRead(): Buffer | undefined {
    const n = this.#kit.bytesRead();
    if (this.destroyed || n === 0) return undefined;
    if (n > 0) {
      if (!this.#owner.read(n)) this.pause();
      return nextBuffer();
    }
    if (n === UV_EOF) this.#end();
    else this.#fail(n, 'read');
    return undefined;
  }

  heardWritten(status: number): void {
    this.#pendingWrites--;
    if (this.destroyed) return;
    if (status < 0) this.#fail(status, 'write');
    else if (this.#pendingWrites === 0) this.#owner.heardDrain();
  }

  heardShutdown(status: number): void {
    if (this.destroyed) return;
    if (status < 0) this.#fail(status, 'shutdown');
    else this.#finish();
  }

  #end(): void {
    // libuv tells a reset that comes together with data as an end. After a reset the kernel knows no peer any more; after
    // a FIN of both sides neither, so the question only tells while ours has not gone out.
    if (!this.writableEnded && this.#handle.getpeername({}) !== 0) {
      this.#fail(ECONNRESET, 'read');
      return;
    }
    this.#sawEnd = true;
    this.#reading = false;
    this.#owner.heardEnd();
    if (this.writableFinished) this.destroy();
  }

  #finish(): void {
    this.writableFinished = true;
    this.#finished?.();
    if (this.#sawEnd || this.#destroyOnFinish) this.destroy();
  }

  #connected(status: number, connected: () => void): void {
    if (this.destroyed) return;
    this.connecting = false;
    if (status < 0) {
      this.#fail(status, 'connect');
      return;
    }
    this.#handle.setNoDelay(true);
    connected();
    if (!this.destroyed) this.start();
  }

  #bindAndConnect(request: ConnectRequest, address: string, port: number, from: string | undefined): number {
    const handle = this.#handle;
    const v6 = address.includes(':');
    if (from !== undefined) {
      const error = v6 ? handle.bind6(from, 0, 0) : handle.bind(from, 0);
      if (error !== 0) return error;
    }
    return v6 ? handle.connect6(request, address, port) : handle.connect(request, address, port);
  }

  #fail(status: number, call: string): void {
    const code = getSystemErrorName(status);
    this.#owner.heardError(Object.assign(new Error(`${call} ${code}`), { code, syscall: call }));
    this.destroy();
  }

  #name(which: 'getsockname' | 'getpeername'): SocketName {
    const out = {};
    if (!this.destroyed) this.#handle[which](out);
    return out;
  }
}

// Shared by all raw sockets: the handle and the requests carry theirs.

function onRead(this: Handle): Buffer | undefined {
  return this.raw?.heardRead();
}

function onWritten(this: Request, status: number): void {
  this.raw?.heardWritten(status);
}

function onShutdown(this: Request, status: number): void {
  this.raw?.heardShutdown(status);
}
