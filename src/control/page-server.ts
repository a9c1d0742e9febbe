// The read-only HTTP port: /metrics, /healthz, /readyz. It shows and never changes anything. Its bounds hold whoever
// calls: connections, header size and time, the Host header, the `allow` list.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { HttpConfig } from '../config/config.ts';
import { type CidrMatcher, canonicalAddress, cidrMatcher, formatHostPort } from '../core/address.ts';
import type { Clock } from '../core/clock.ts';
import type { Observer } from '../core/events.ts';
import { isAvailable, type ServiceSnapshot } from '../core/status.ts';
import { ListenError } from '../errors.ts';
import { hostCheck } from './host-check.ts';

export interface PageServerOptions {
  readonly metrics: { text(): Promise<string>; readonly contentType: string };
  readonly snapshot: () => readonly ServiceSnapshot[];
  /** Whether every listener is bound and nothing drains; where not, `reason` says what is missing, in words. */
  readonly ready: () => { readonly ready: boolean; readonly reason: string };
  /** Names under which this port may be asked, beside addresses and localhost: the file's `name`, this machine's. */
  readonly names: readonly string[];
  readonly clock: Clock;
  readonly observer: Observer;
}

const MAX_CONNECTIONS = 64;
const MAX_HEADER_BYTES = 8 * 1024;
const HEADERS_MS = 5000;
/** A client that doesn't read its answer is cut after this long without a byte (Node may take twice as long to be sure). */
const SILENT_MS = 6000;
const METRICS_MS = 1000;
const REFUSAL_NOTICE_MS = 60_000;

type Socket = IncomingMessage['socket'];

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function createPageServer(config: HttpConfig, options: PageServerOptions): PageServer {
  return new PageServer(config, options);
}

export class PageServer {
  readonly #config: HttpConfig;
  readonly #options: PageServerOptions;
  readonly #server: Server;
  readonly #knownHost: (header: string | undefined) => boolean;
  /** undefined: everyone may ask. */
  readonly #allowed: CidrMatcher | undefined;
  #metrics: { readonly at: number; readonly text: Promise<string> } | undefined;
  #noticedAt = Number.NEGATIVE_INFINITY;

  constructor(config: HttpConfig, options: PageServerOptions) {
    this.#config = config;
    this.#options = options;
    this.#allowed = config.allow.length === 0 ? undefined : cidrMatcher(config.allow);
    this.#knownHost = hostCheck(config.host === undefined ? options.names : [config.host, ...options.names]);
    this.#server = createServer(
      {
        maxHeaderSize: MAX_HEADER_BYTES,
        headersTimeout: HEADERS_MS,
        requestTimeout: HEADERS_MS,
        // How often Node looks for connections that are over those two; its default of 30 s would stretch them.
        connectionsCheckingInterval: 500,
        keepAliveTimeout: HEADERS_MS,
      },
      (request, response) => void this.#serve(request, response),
    );
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.timeout = SILENT_MS;
    this.#server.prependListener('connection', (socket: Socket) => this.#admit(socket));
  }

  /** Binds. Resolves with the bound address, `ip:port`; rejects with a ListenError that names it. */
  start(): Promise<string> {
    const { host, port } = this.#config;
    return new Promise((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException) => reject(listenError(error, host, port));
      this.#server.once('error', failed);
      this.#server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
        this.#server.off('error', failed);
        this.#server.on('error', (error) => this.#options.observer.notice?.('error', `http port: ${error.message}`));
        const bound = this.#server.address();
        if (bound === null || typeof bound === 'string') throw new Error('an HTTP port is a TCP port');
        resolve(formatHostPort(bound.address, bound.port));
      });
    });
  }

  /** Stops listening and ends every connection at once, kept-alive ones and those in the middle of an answer. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      // The only error is that it doesn't run, which is what is wanted.
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  // Before HTTP sees the connection: who may not ask must not hold one of the places of those who may.
  #admit(socket: Socket): void {
    if (this.#allowed === undefined) return;
    const peer = canonicalAddress(socket.remoteAddress ?? '');
    if (this.#allowed(peer)) return;
    socket.resetAndDestroy();
    const now = this.#options.clock.now();
    if (now - this.#noticedAt < REFUSAL_NOTICE_MS) return;
    this.#noticedAt = now;
    this.#options.observer.notice?.('warn', `http port: ${peer} is not in http.allow, its connection was reset`);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await this.#answer(request);
    response.writeHead(answer.status, {
      'content-type': 'text/plain; charset=utf-8',
      'content-length': Buffer.byteLength(answer.text),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...answer.headers,
    });
    response.end(request.method === 'HEAD' ? undefined : answer.text);
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    if (!this.#knownHost(request.headers.host)) return this.#wrongHost();
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      // Closed, so that a body nobody wants isn't read.
      const headers = { allow: 'GET, HEAD', connection: 'close' };
      return { status: 405, text: 'only GET and HEAD: this port never changes anything\n', headers };
    }
    const [path, query] = (request.url ?? '').split('?', 2);
    switch (path) {
      case '/metrics':
        return this.#metricsAnswer();
      case '/healthz':
        return { status: 200, text: 'ok\n' };
      case '/readyz':
        return this.#readiness(new URLSearchParams(query).has('services'));
      default:
        return { status: 404, text: 'there is /metrics, /healthz and /readyz (or /readyz?services)\n' };
    }
  }

  #wrongHost(): Answer {
    const names = ['localhost', ...this.#options.names].join(', ');
    return { status: 421, text: `unknown Host: ask by IP address or as one of: ${names}\n` };
  }

  #readiness(services: boolean): Answer {
    const { ready, reason } = this.#options.ready();
    if (!ready) return { status: 503, text: `not ready: ${reason}\n` };
    if (!services) return { status: 200, text: 'ready\n' };
    const without = this.#options.snapshot().filter((service) => !service.backends.some(isAvailable));
    if (without.length === 0) return { status: 200, text: 'ready, every service has an available backend\n' };
    return { status: 503, text: `no available backend: ${without.map((s) => s.service).join(', ')}\n` };
  }

  async #metricsAnswer(): Promise<Answer> {
    const { metrics, clock, observer } = this.#options;
    const now = clock.now();
    // However many ask, it is computed at most once a second; who asks meanwhile waits for, or gets, the same text.
    if (this.#metrics === undefined || now - this.#metrics.at >= METRICS_MS) {
      const text = metrics.text();
      text.catch((error) => observer.notice?.('error', `metrics could not be computed: ${messageOf(error)}`));
      this.#metrics = { at: now, text };
    }
    try {
      const text = await this.#metrics.text;
      return { status: 200, text, headers: { 'content-type': metrics.contentType } };
    } catch {
      return { status: 500, text: 'metrics could not be computed, the log says why\n' };
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function listenError(error: NodeJS.ErrnoException, host: string | undefined, port: number): ListenError {
  const where = host === undefined ? `*:${port}` : formatHostPort(host, port);
  const why = LISTEN_FAILURES[error.code ?? '']?.(port) ?? error.message;
  return new ListenError(error.code ?? 'unknown', `cannot listen on ${where} (http.listen): ${why}`, error);
}

const LISTEN_FAILURES: Readonly<Record<string, (port: number) => string>> = {
  EADDRINUSE: (port) =>
    `the port is taken (by another chargehand, or HAProxy's stats page?); "ss -ltnp sport = :${port}" names who holds it`,
  EACCES: () => 'permission denied: a port below 1024 needs CAP_NET_BIND_SERVICE; choose a higher one',
  EADDRNOTAVAIL: () => 'this machine does not hold the address: listen on one it has, or on 127.0.0.1',
  ENOTFOUND: () => 'that name has no address: write an IP address',
};
