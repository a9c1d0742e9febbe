// One bound socket that accepts. Turns what went wrong into a line that names the address and the way out. What becomes
// of an accepted socket is its owner's, who can be exchanged while it listens (a reload).

import { createServer, type Server } from 'node:net';
import type { ListenAddress } from '../config/config.ts';
import { formatHostPort } from '../core/address.ts';
import { ListenError } from '../errors.ts';
import { Connection, SOCKET_OPTIONS } from './connection.ts';
import { acceptRaw, type SocketWay } from './socket-way.ts';
import { removeStaleSocket } from './unix-socket.ts';

const BACKLOG = 4096;

export interface ListenerOptions {
  readonly keepaliveMs: number | false;
  readonly sockets: SocketWay;
}

export type OnAccept = (client: Connection, port: number) => void;

export class Listener {
  readonly address: ListenAddress;
  onAccept: OnAccept;
  /** A client that could not be accepted; the next one may be. Not for want of descriptors: Node says nothing then. */
  onAcceptFailed: (error: Error) => void = () => {};
  readonly #options: ListenerOptions;
  readonly #server: Server;
  #port = 0;

  constructor(address: ListenAddress, options: ListenerOptions, onAccept: OnAccept) {
    this.address = address;
    this.onAccept = onAccept;
    this.#options = options;
    const { keepaliveMs } = options;
    this.#server = createServer({
      ...SOCKET_OPTIONS,
      ...(keepaliveMs === false ? {} : { keepAlive: true, keepAliveInitialDelay: keepaliveMs }),
    });
    this.#server.on('connection', (socket) => this.onAccept(Connection.accepted(socket), this.#port));
    this.#server.on('error', (error) => {
      if (this.#server.listening) this.onAcceptFailed(error);
    });
  }

  /** The bound port; 0 for a Unix socket. */
  get port(): number {
    return this.#port;
  }

  /** Resolves once the socket accepts; rejects with a ListenError that a user can act on. */
  async start(systemdSockets: ReadonlyMap<string, number>): Promise<void> {
    const { address } = this;
    if (address.kind === 'systemd') {
      const fd = systemdSockets.get(address.name);
      if (fd === undefined) throw noSystemdSocket(address.name, systemdSockets);
      // With an options object the backlog would be ignored.
      await this.#listen((done) => this.#server.listen({ fd }, BACKLOG, done));
    } else if (address.kind === 'unix') {
      await removeStaleSocket(address.path);
      await this.#listen((done) => this.#server.listen({ path: address.path, backlog: BACKLOG }, done));
    } else {
      await this.#listenTcp(address.host ?? '::', address.port, address.ipv6Only, address.host === undefined);
    }
    const bound = this.#server.address();
    this.#port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    const { sockets, keepaliveMs } = this.#options;
    if (sockets.kind === 'raw' && address.kind === 'tcp') {
      acceptRaw(this.#server, sockets.kit, keepaliveMs, (client) => this.onAccept(client, this.#port));
    }
  }

  /** Accepts no more; resolves when the socket is closed. Sessions stay. */
  close(): Promise<void> {
    if (!this.#server.listening) return Promise.resolve();
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

/** The address as a user writes it. */
export function formatListenAddress(address: ListenAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  if (address.kind === 'systemd') return `systemd:${address.name}`;
  return address.host === undefined ? `*:${address.port}` : formatHostPort(address.host, address.port);
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

function noSystemdSocket(name: string, sockets: ReadonlyMap<string, number>): ListenError {
  const passed = [...sockets.keys()];
  const have = passed.length === 0 ? 'systemd passed no sockets' : `systemd passed: ${passed.join(', ')}`;
  return new ListenError(
    'no-systemd-socket',
    `cannot listen on systemd:${name}: ${have}; name it with FileDescriptorName=${name} in the socket unit`,
  );
}
