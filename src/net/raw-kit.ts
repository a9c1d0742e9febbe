// The parts of Node that raw sockets are made of, found by their names and checked for their shape. Node keeps these names
// for itself: whoever uses them has the public way as a fallback (see socket-way.ts).

import type { RawSocket } from './raw-socket.ts';

export interface Request {
  oncomplete: (this: Request, status: number) => void;
  raw?: RawSocket;
  bytes?: Buffer;
}

export interface ConnectRequest {
  oncomplete: (status: number) => void;
}

/** A TCP handle as libuv's wrapper in Node offers it. Numbers are 0 or a negative errno. */
export interface Handle {
  raw?: RawSocket;
  /** The descriptor; negative: none. */
  readonly fd: number;
  onread: (this: Handle) => Buffer | undefined;
  useUserBuffer(buffer: Buffer): void;
  readStart(): number;
  readStop(): number;
  writeBuffer(request: Request, bytes: Buffer): number;
  shutdown(request: Request): number;
  close(closed: () => void): void;
  reset(closed: () => void): number;
  bind(address: string, port: number): number;
  bind6(address: string, port: number, flags: number): number;
  connect(request: ConnectRequest, address: string, port: number): number;
  connect6(request: ConnectRequest, address: string, port: number): number;
  getsockname(out: object): number;
  getpeername(out: object): number;
  setNoDelay(on: boolean): number;
  setKeepAlive(on: boolean, seconds: number): number;
}

export interface RawKit {
  readonly TCPConnectWrap: new () => ConnectRequest;
  readonly ShutdownWrap: new () => Request;
  /** A handle for a socket that dials. */
  newHandle(): Handle;
  /** A request for one write; one that was not needed is given back. */
  takeWrite(): Request;
  giveWrite(request: Request): void;
  lastWriteWasAsync(): boolean;
  /** What the read that is being told brought: bytes, or a negative errno. */
  bytesRead(): number;
}

/** Node's internal modules by name, as `process.binding` gives them. */
export type Binding = (name: string) => unknown;

const HANDLE_METHODS = [
  'useUserBuffer',
  'readStart',
  'readStop',
  'writeBuffer',
  'shutdown',
  'close',
  'reset',
  'bind',
  'bind6',
  'connect',
  'connect6',
  'getsockname',
  'getpeername',
  'setNoDelay',
  'setKeepAlive',
] as const;

interface TcpWrap {
  readonly TCP: new (kind: number) => Handle;
  readonly TCPConnectWrap: RawKit['TCPConnectWrap'];
  readonly constants: { readonly SOCKET: number };
}

interface StreamWrap {
  readonly WriteWrap: new () => Request;
  readonly ShutdownWrap: RawKit['ShutdownWrap'];
  readonly streamBaseState: Int32Array;
  readonly kReadBytesOrError: number;
  readonly kLastWriteWasAsync: number;
}

/** The kit, or undefined where this Node does not have all of it. */
export function findRawKit(binding: Binding): RawKit | undefined {
  try {
    const tcp = binding('tcp_wrap') as TcpWrap;
    const stream = binding('stream_wrap') as StreamWrap;
    const handle = new tcp.TCP(tcp.constants.SOCKET);
    const whole = HANDLE_METHODS.every((name) => typeof handle[name] === 'function');
    handle.close(() => {});
    const counted = stream.streamBaseState.length > Math.max(stream.kReadBytesOrError, stream.kLastWriteWasAsync);
    return whole && counted ? makeKit(tcp, stream) : undefined;
  } catch {
    return undefined;
  }
}

function makeKit(tcp: TcpWrap, stream: StreamWrap): RawKit {
  const { streamBaseState: state, kReadBytesOrError, kLastWriteWasAsync, WriteWrap } = stream;
  let spare: Request | undefined;
  return {
    TCPConnectWrap: tcp.TCPConnectWrap,
    ShutdownWrap: stream.ShutdownWrap,
    newHandle: () => new tcp.TCP(tcp.constants.SOCKET),
    takeWrite() {
      const request = spare ?? new WriteWrap();
      spare = undefined;
      return request;
    },
    giveWrite(request) {
      spare = request;
    },
    lastWriteWasAsync: () => state[kLastWriteWasAsync] !== 0,
    bytesRead: () => state[kReadBytesOrError] ?? 0,
  };
}
