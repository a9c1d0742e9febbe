// What a Connection needs of the socket below it: Node's own `net.Socket` has all of it, `RawSocket` no more than it.

export interface TcpSocket {
  readonly destroyed: boolean;
  /** A FIN was asked for; it has gone out. */
  readonly writableEnded: boolean;
  readonly writableFinished: boolean;
  readonly connecting: boolean;
  /** 0: the kernel has all that was written. */
  readonly writableLength: number;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
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
