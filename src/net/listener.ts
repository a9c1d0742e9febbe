// One bound socket that accepts. Turns what went wrong into a line that names the address and the way out. What becomes
// of an accepted socket is its owner's, who can be exchanged while it listens (a reload).

import { createServer, type Server } from 'node:net';
import type { ListenAddress } from '../config/config.ts';
import { listenKey } from '../config/diff.ts';
import { formatListenAddress } from '../config/listen-address.ts';
import type { Clock } from '../core/clock.ts';
import { ListenError } from '../errors.ts';
import { Connection, SOCKET_OPTIONS } from './connection.ts';
import type { InheritedSockets } from './inherited-sockets.ts';
import { acceptRaw, type SocketWay } from './socket-way.ts';
import { pathBeside, removeStaleSocket, SocketFile } from './unix-socket.ts';

/** Clients that may wait to be accepted; the kernel may allow fewer. */
export const BACKLOG = 4096;
const RETIRE_WITHIN_MS = 500;

export type OnAccept = (client: Connection, port: number) => void;

export class Listener {
  readonly address: ListenAddress;
  /** Nobody has to be there before it listens. */
  onAccept: OnAccept = (client) => client.reset();
  /** A client that could not be accepted; the next one may be. Not for want of descriptors: Node says nothing then. */
  onAcceptFailed: (error: Error) => void = () => {};
  #keepaliveMs: number | false = false;
  #raw: { setKeepalive(ms: number | false): void } | undefined;
  readonly #sockets: SocketWay;
  readonly #server: Server;
  /** To be removed with the socket. */
  #file: SocketFile | undefined;
  #port = 0;
  #accepted = 0;

  constructor(address: ListenAddress, sockets: SocketWay) {
    this.address = address;
    this.#sockets = sockets;
    this.#server = createServer(SOCKET_OPTIONS);
    this.#server.on('connection', (socket) => {
      if (this.#keepaliveMs !== false) socket.setKeepAlive(true, this.#keepaliveMs);
      this.#accept(Connection.accepted(socket));
    });
    this.#server.on('error', (error) => {
      if (this.#server.listening) this.onAcceptFailed(error);
    });
  }

  /** TCP keepalive of the clients it accepts from now on. */
  set keepaliveMs(ms: number | false) {
    if (ms === this.#keepaliveMs) return;
    this.#keepaliveMs = ms;
    this.#raw?.setKeepalive(ms);
  }

  /** The bound port; 0 for a Unix socket. */
  get port(): number {
    return this.#port;
  }

  /** The descriptor of the bound socket; -1: it does not listen. */
  get descriptor(): number {
    const { _handle: handle } = this.#server as unknown as { _handle: { readonly fd: number } | null };
    return handle?.fd ?? -1;
  }

  /** Accepts for whoever `other` accepted for. */
  takeOver(other: Listener): void {
    this.onAccept = other.onAccept;
    this.onAcceptFailed = other.onAcceptFailed;
    this.#keepaliveMs = other.#keepaliveMs;
  }

  /** Resolves once the socket accepts; rejects with a ListenError that a user can act on. */
  async start(inherited: InheritedSockets): Promise<void> {
    const { address } = this;
    const fd = inherited.take(listenKey(address));
    if (fd !== undefined) {
      // With an options object the backlog would be ignored.
      await this.#listen((done) => this.#server.listen({ fd }, BACKLOG, done));
    } else if (address.kind === 'systemd') {
      throw noSystemdSocket(address.name, inherited);
    } else if (address.kind === 'unix') {
      await this.#listenUnix(address.path);
    } else {
      await this.#listenTcp(address.host ?? '::', address.port, address.ipv6Only, address.host === undefined);
    }
    const bound = this.#server.address();
    this.#port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    if (this.#sockets.kind === 'raw' && address.kind === 'tcp') {
      this.#raw = acceptRaw(this.#server, this.#sockets.kit, this.#keepaliveMs, (client) => this.#accept(client));
    }
  }

  /**
   * Closes after a turn of the loop that accepted nobody, since closing resets who waits in the kernel's queue; in a storm
   * that never lets up after `RETIRE_WITHIN_MS`.
   */
  async retire(clock: Clock): Promise<void> {
    const deadline = clock.now() + RETIRE_WITHIN_MS;
    for (let before = -1; before !== this.#accepted && clock.now() < deadline; ) {
      before = this.#accepted;
      // Twice: the first may still be in the turn that runs now.
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await this.close();
  }

  #accept(client: Connection): void {
    this.#accepted++;
    this.onAccept(client, this.#port);
  }

  /** It stays: the path of an inherited Unix socket is ours to remove from now on, no longer its predecessor's. */
  settle(): void {
    if (this.address.kind === 'unix') this.#file ??= new SocketFile(this.address.path);
  }

  /** Another process listens on the same socket from now on: the path of a Unix socket is its to remove. */
  handOver(): void {
    this.#file = undefined;
  }

  /** Accepts no more; resolves when the socket is closed. Sessions stay. */
  close(): Promise<void> {
    if (!this.#server.listening) return Promise.resolve();
    this.#file?.remove();
    return new Promise((resolve) => {
      // `close` waits for the sessions, which are not the listener's: the handle is closed at once, that is what counts.
      this.#server.close();
      this.#server.unref();
      setImmediate(resolve);
    });
  }

  async #listenTcp(host: string, port: number, ipv6Only: boolean, all: boolean): Promise<void> {
    try {
      await this.#listen((done) => this.#server.listen({ host, port, ipv6Only, backlog: BACKLOG }, done));
    } catch (error) {
      // A kernel without IPv6 still has all of IPv4.
      if (!all || !(error instanceof ListenError) || !/EAFNOSUPPORT|EADDRNOTAVAIL|EINVAL/.test(error.code)) throw error;
      await this.#listen((done) => this.#server.listen({ host: '0.0.0.0', port, backlog: BACKLOG }, done));
    }
  }

  async #listenUnix(path: string): Promise<void> {
    try {
      await removeStaleSocket(path);
      const beside = pathBeside(path);
      await this.#listen((done) => this.#server.listen({ path: beside, backlog: BACKLOG }, done));
      this.#file = SocketFile.move(beside, path);
    } catch (error) {
      await this.close();
      throw error instanceof ListenError ? error : listenError(this.address, error as NodeJS.ErrnoException);
    }
  }

  #listen(start: (done: () => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException) => reject(listenError(this.address, error));
      this.#server.once('error', failed);
      start(() => {
        this.#server.off('error', failed);
        resolve();
      });
    });
  }
}

function listenError(address: ListenAddress, error: NodeJS.ErrnoException): ListenError {
  const where = formatListenAddress(address);
  const port = address.kind === 'tcp' ? address.port : 0;
  const code = error.code ?? 'unknown';
  switch (code) {
    case 'EADDRINUSE':
      return new ListenError(
        code,
        address.kind === 'tcp'
          ? `cannot listen on ${where}: the port is taken (by haproxy, httpd, nginx or another chargehand?); "ss -ltnp sport = :${port}" names who holds it`
          : `cannot listen on ${where}: the path is taken by a process that listens there ("ss -lxp" names it), or by a file that is no socket`,
        error,
      );
    case 'EACCES':
      return new ListenError(
        code,
        port > 0 && port < 1024
          ? `cannot listen on ${where}: ports below 1024 need CAP_NET_BIND_SERVICE (the systemd unit grants it), or run as root`
          : `cannot listen on ${where}: permission denied, or its directory does not exist`,
        error,
      );
    case 'EADDRNOTAVAIL':
      return new ListenError(
        code,
        `cannot listen on ${where}: this machine does not hold the address; listen on all addresses, or set net.ipv4.ip_nonlocal_bind=1, or use a systemd socket with FreeBind=yes`,
        error,
      );
    default:
      return new ListenError(code, `cannot listen on ${where}: ${error.message}`, error);
  }
}

function noSystemdSocket(name: string, inherited: InheritedSockets): ListenError {
  const cannot = `cannot listen on systemd:${name}`;
  if (inherited.wasPassed(`systemd:${name}`)) {
    return new ListenError(
      'no-systemd-socket',
      `${cannot}: a reload that took it out of the file gave its socket up; systemd passes it again at the next restart`,
    );
  }
  const passed = inherited.systemdNames;
  const have = passed.length === 0 ? 'systemd passed no sockets' : `systemd passed: ${passed.join(', ')}`;
  return new ListenError(
    'no-systemd-socket',
    `${cannot}: ${have}; name it with FileDescriptorName=${name} in the socket unit, then restart`,
  );
}
