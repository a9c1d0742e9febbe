// The read-only HTTP port: metrics, readiness, status, the page. It shows and never changes anything. Its bounds hold
// whoever calls: connections, header size and time, the Host header, the `allow` list. What the page is told and how its
// streams are fed stands in the files page-*.ts.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { HttpConfig } from '../config/config.ts';
import { type CidrMatcher, canonicalAddress, cidrMatcher, formatHostPort } from '../core/address.ts';
import type { Clock } from '../core/clock.ts';
import type { Observer } from '../core/events.ts';
import { isAvailable, type ServiceSnapshot } from '../core/status.ts';
import { ListenError } from '../errors.ts';
import type { History } from '../observe/history.ts';
import { hostCheck } from './host-check.ts';
import { type Answer, json, send, text } from './page-answer.ts';
import { BUILT_PAGE, readAssets } from './page-assets.ts';
import { EventStreams } from './page-events.ts';
import { type PageFacts, type PageSources, pageHistory, pageMessage } from './page-message.ts';

export interface PageServerOptions {
  readonly metrics: { text(): Promise<string>; readonly contentType: string };
  readonly snapshot: () => readonly ServiceSnapshot[];
  /** Whether every listener is bound and nothing drains; where not, `reason` says what is missing, in words. */
  readonly ready: () => { readonly ready: boolean; readonly reason: string };
  /** Names under which this port may be asked, beside addresses and localhost: the file's `name`, this machine's. */
  readonly names: readonly string[];
  /** What `chargehand status --json` prints. */
  readonly status: () => unknown;
  /** HAProxy's statistics as CSV, at the address that HAProxy's tools ask; undefined: the file asks for none. */
  readonly haproxyCsv?: () => string | undefined;
  /** For the page, where the file asks for one. The history is its owner's to start and close. */
  readonly page: { readonly facts: PageFacts; readonly history: History; readonly folder?: string } | undefined;
  readonly clock: Clock;
  readonly observer: Observer;
}

const MAX_CONNECTIONS = 64;
const MAX_STREAMS = 16;
const MAX_HEADER_BYTES = 8 * 1024;
const HEADERS_MS = 5000;
/** A client that doesn't read its answer is cut after this long without a byte (Node may take twice as long to be sure). */
const SILENT_MS = 6000;
const METRICS_MS = 1000;
const REFUSAL_NOTICE_MS = 60_000;
const nothing = (): void => {};

type Socket = IncomingMessage['socket'];

/** What only the page's port has. */
interface Page {
  readonly sources: PageSources;
  readonly assets: ReadonlyMap<string, Answer>;
  readonly streams: EventStreams;
  readonly history: History;
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
  readonly #page: Page | undefined;
  #unsubscribe: () => void = nothing;
  #metrics: { readonly at: number; readonly text: Promise<string> } | undefined;
  #noticedAt = Number.NEGATIVE_INFINITY;

  constructor(config: HttpConfig, options: PageServerOptions) {
    this.#config = config;
    this.#options = options;
    this.#allowed = config.allow.length === 0 ? undefined : cidrMatcher(config.allow);
    this.#knownHost = hostCheck(config.host === undefined ? options.names : [config.host, ...options.names]);
    this.#page = options.page === undefined ? undefined : this.#createPage(options.page);
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
        this.#unsubscribe = this.#page?.history.onSample(() => this.#page?.streams.send()) ?? nothing;
        resolve(formatHostPort(bound.address, bound.port));
      });
    });
  }

  /** The bound address, `ip:port`; undefined: it does not listen. */
  get address(): string | undefined {
    const bound = this.#server.address();
    return bound === null || typeof bound === 'string' ? undefined : formatHostPort(bound.address, bound.port);
  }

  /** Stops listening and ends every connection at once, kept-alive ones and those in the middle of an answer. */
  close(): Promise<void> {
    this.#unsubscribe();
    this.#unsubscribe = nothing;
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

  #createPage({ facts, history, folder = BUILT_PAGE }: NonNullable<PageServerOptions['page']>): Page {
    const { clock, ready } = this.#options;
    // Who a client is, is told only where the file says who may ask.
    const wholeClients = this.#allowed !== undefined || isLoopback(this.#config.host);
    const sources = { facts, history, ready, wholeClients, wall: () => clock.wall() };
    const streams = new EventStreams({ message: () => JSON.stringify(pageMessage(sources)), most: MAX_STREAMS });
    return { sources, history, streams, assets: readAssets(folder) };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = this.#refusal(request);
    const [path = '', query] = (request.url ?? '').split('?', 2);
    const answer =
      refusal ??
      (path === '/events' && this.#page !== undefined
        ? this.#stream(request, response, this.#page.streams)
        : await this.#answer(path, new URLSearchParams(query)));
    if (answer !== undefined) send(request, response, answer);
  }

  #refusal(request: IncomingMessage): Answer | undefined {
    if (!this.#knownHost(request.headers.host)) return this.#wrongHost();
    if (request.method === 'GET' || request.method === 'HEAD') return undefined;
    // Closed, so that a body nobody wants isn't read.
    const headers = { allow: 'GET, HEAD', connection: 'close' };
    return text(405, 'only GET and HEAD: this port never changes anything\n', headers);
  }

  /** The refusal of a stream; undefined: it runs. */
  #stream(request: IncomingMessage, response: ServerResponse, streams: EventStreams): Answer | undefined {
    const site = request.headers['sec-fetch-site'];
    if (site === 'cross-site' || site === 'same-site') {
      // It could not read it, but would hold one of the few places.
      return text(403, 'only the page of this port may open its event stream\n');
    }
    if (request.method === 'HEAD') return text(200, '');
    if (streams.full) {
      const headers = { 'retry-after': '10', connection: 'close' };
      return text(503, `${MAX_STREAMS} pages are open, which is all there may be\n`, headers);
    }
    streams.open(response);
    return undefined;
  }

  async #answer(path: string, query: URLSearchParams): Promise<Answer> {
    const page = this.#page;
    switch (path) {
      case '/metrics':
        return this.#metricsAnswer();
      case '/healthz':
        return text(200, 'ok\n');
      case '/readyz':
        return this.#readiness(query.has('services'));
      case '/status.json':
        return json(this.#options.status());
      case '/stats;csv': {
        const csv = this.#options.haproxyCsv?.();
        if (csv !== undefined) return text(200, csv);
        return text(404, 'there are no statistics of HAProxy: the file has no "haproxy:"\n');
      }
      case '/history.json':
        if (page !== undefined) return json(pageHistory(page.sources, query.get('node') ?? undefined));
        break;
      default: {
        const asset = page?.assets.get(path);
        if (asset !== undefined) return asset;
        if (path === '/' && page !== undefined) return text(404, 'the page was not built: "npm run build" does it\n');
      }
    }
    const there = 'there is /metrics, /healthz, /readyz (or /readyz?services) and /status.json';
    return text(404, page === undefined ? `${there}\n` : `${there}, and the page at /\n`);
  }

  #wrongHost(): Answer {
    const names = ['localhost', ...this.#options.names].join(', ');
    return text(421, `unknown Host: ask by IP address or as one of: ${names}\n`);
  }

  #readiness(services: boolean): Answer {
    const { ready, reason } = this.#options.ready();
    if (!ready) return text(503, `not ready: ${reason}\n`);
    if (!services) return text(200, 'ready\n');
    const without = this.#options.snapshot().filter(({ leaving, backends }) => !leaving && !backends.some(isAvailable));
    if (without.length === 0) return text(200, 'ready, every service has an available backend\n');
    return text(503, `no available backend: ${without.map((s) => s.service).join(', ')}\n`);
  }

  async #metricsAnswer(): Promise<Answer> {
    const { metrics, clock, observer } = this.#options;
    const now = clock.now();
    // However many ask, it is computed at most once a second; who asks meanwhile waits for, or gets, the same text.
    if (this.#metrics === undefined || now - this.#metrics.at >= METRICS_MS) {
      const making = metrics.text();
      making.catch((error) => observer.notice?.('error', `metrics could not be computed: ${messageOf(error)}`));
      this.#metrics = { at: now, text: making };
    }
    try {
      return text(200, await this.#metrics.text, { 'content-type': metrics.contentType });
    } catch {
      return text(500, 'metrics could not be computed, the log says why\n');
    }
  }
}

/** Whether only this machine can reach what listens there. */
function isLoopback(host: string | undefined): boolean {
  return host === 'localhost' || host === '::1' || host?.startsWith('127.') === true;
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
