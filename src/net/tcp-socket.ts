// What a Connection needs of the socket below it: Node's own `net.Socket` has all of it, `RawSocket` no more than it, and
// the one that is gone does nothing.

/** Its two parts cost one system call together. Empty where the kernel knows none (any more). */
export interface SocketName {
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

export interface TcpSocket {
  readonly destroyed: boolean;
  /** A FIN was asked for; it has gone out. */
  readonly writableEnded: boolean;
  readonly writableFinished: boolean;
  readonly connecting: boolean;
  /** 0: the kernel has all that was written. */
  readonly writableLength: number;
  /** Bytes that were read and not delivered yet; undefined where it keeps none. */
  readonly readableLength?: number;
  /** True exactly when the kernel took all bytes at once. */
  write(bytes: Buffer): boolean;
  pause(): unknown;
  resume(): unknown;
  /** A FIN after all that was written. */
  end(): unknown;
  destroy(): unknown;
  /** A FIN, then `destroy`. */
  destroySoon(): unknown;
  /** A RST, at once. */
  resetAndDestroy(): unknown;
  setKeepAlive(on: boolean, initialDelayMs: number): unknown;
  once(event: 'finish', listener: () => void): unknown;
}

/** What is left below a connection that was closed and forgotten. */
export const GONE: TcpSocket = {
  destroyed: true,
  writableEnded: true,
  writableFinished: true,
  connecting: false,
  writableLength: 0,
  write: () => false,
  pause() {},
  resume() {},
  end() {},
  destroy() {},
  destroySoon() {},
  resetAndDestroy() {},
  setKeepAlive() {},
  once() {},
};
