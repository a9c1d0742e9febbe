// The admin socket: HTTP/1.1 and JSON on a Unix socket. Whoever may open it is an operator. Takes requests apart, keeps the
// bounds (connections, header and body size, time), and hands on to the operator and the reloader; decides nothing itself.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { AdminConfig } from '../config/config.ts';
import { systemClock } from '../core/clock.ts';
import type { Observer } from '../core/events.ts';
import { ChargehandError, ListenError } from '../errors.ts';
import { removeStaleSocket } from '../net/unix-socket.ts';
import { type Answer, type AnswerTools, answerTo } from './admin-answers.ts';
import { readBody } from './admin-body.ts';
import { giveTo, noSocketAt } from './admin-socket.ts';

export interface AdminServerOptions extends AnswerTools {
  readonly observer: Observer;
}

const MAX_CONNECTIONS = 32;
const MAX_HEADER_BYTES = 8 * 1024;
/** For the headers, and for headers and body together. */
const REQUEST_MS = 5000;
/** For requests that are being answered when it closes. */
const LAST_ANSWERS_MS = 1000;
/** Who doesn't read its answer is cut after this long without a byte. */
const SILENT_MS = 6000;
/** The group of the package. A machine where the program is only tried has none. */
const STANDARD_GROUP = 'chargehand';

type Socket = IncomingMessage['socket'];

export class AdminServer {
  readonly #config: AdminConfig;
  readonly #options: AdminServerOptions;
  readonly #server: Server;
  /** Requests that are being done: a reload takes its time. */
  readonly #busy = new Set<Socket>();
  readonly #open = new Set<Socket>();

  constructor(config: AdminConfig, options: AdminServerOptions) {
    this.#config = config;
    this.#options = options;
    this.#server = createServer(
      {
        maxHeaderSize: MAX_HEADER_BYTES,
        headersTimeout: REQUEST_MS,
        requestTimeout: REQUEST_MS,
        connectionsCheckingInterval: 500,
        keepAliveTimeout: REQUEST_MS,
      },
      (request, response) => void this.#serve(request, response),
    );
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.timeout = SILENT_MS;
    this.#server.on('connection', (socket: Socket) => {
      this.#open.add(socket);
      socket.on('close', () => this.#open.delete(socket));
    });
    this.#server.on('timeout', (socket) => {
      if (!this.#busy.has(socket)) socket.destroy();
    });
  }

  /**
   * Binds, and gives the socket its mode and group. False, and one warning, where the socket is only the standard one and
   * can't be had; rejects with a ListenError where the file asks for it.
   */
  async start(): Promise<boolean> {
    const { socket, mode, group, given } = this.#config;
    try {
      await removeStaleSocket(socket);
      await this.#listen(socket);
      const fault = await giveTo(socket, mode, group);
      if (fault === '') return true;
      if (group !== STANDARD_GROUP) {
        const wayOut = 'name a group that exists and that this process is in, or take admin.group out';
        throw new ListenError('admin-group', `admin.group: ${fault}; ${wayOut}`);
      }
      this.#options.observer.notice?.(
        'info',
        `admin socket: ${fault}: only the user of this process may open ${socket}`,
      );
      return true;
    } catch (error) {
      await this.close();
      const failure = error instanceof ListenError ? error : await listenError(error, socket);
      if (given || group !== STANDARD_GROUP) throw failure;
      this.#options.observer.notice?.(
        'warn',
        `${failure.message}; it runs without: no status, drain, reload by command`,
      );
      return false;
    }
  }

  /** Stops listening, removes the socket's file and ends every connection; one that is being answered gets its answer. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      const timer = systemClock.after(LAST_ANSWERS_MS, () => this.#server.closeAllConnections());
      // The only error is that it doesn't run, which is what is wanted.
      this.#server.close(() => {
        timer.cancel();
        resolve();
      });
      for (const socket of this.#open) if (!this.#busy.has(socket)) socket.destroy();
    });
  }

  #listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ path }, () => {
        this.#server.off('error', reject);
        this.#server.on('error', (error) => this.#options.observer.notice?.('error', `admin socket: ${error.message}`));
        resolve();
      });
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    this.#busy.add(socket);
    response.on('close', () => this.#busy.delete(socket));
    const answer = await this.#answer(request);
    if (socket.destroyed) return;
    response.writeHead(answer.status, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      ...answer.headers,
      ...(this.#server.listening ? {} : { connection: 'close' }),
    });
    if ('body' in answer) response.end(`${JSON.stringify(answer.body)}\n`);
    // Piece by piece, as fast as it is read. One that isn't read, or goes away, ends here.
    else await pipeline(answer.pieces, response).catch(() => socket.destroy());
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    try {
      return await answerTo(request.method ?? '', request.url ?? '', await readBody(request), this.#options);
    } catch (error) {
      if (error instanceof ChargehandError) {
        const status = STATUS[error.code] ?? 409;
        // What is still coming is not read.
        const headers = status === 413 ? { connection: 'close' } : {};
        return { status, body: { error: error.message, code: error.code }, headers };
      }
      // It went away in the middle of its body, or was too slow with it: nobody is left to answer.
      if (request.destroyed && !request.complete) return { status: 400, body: { code: 'bad-request' } };
      const message = error instanceof Error ? error.message : String(error);
      this.#options.observer.notice?.('error', `admin socket: a fault of ours: ${message}`);
      return { status: 500, body: { error: `a fault of chargehand's: ${message}`, code: 'internal' } };
    }
  }
}

/** What is not here is a conflict with how things stand: a reload that is refused. */
const STATUS: Readonly<Record<string, number>> = {
  'not-found': 404,
  'bad-request': 400,
  'bad-order': 400,
  'bad-client': 400,
  'too-large': 413,
};

async function listenError(error: unknown, path: string): Promise<ListenError> {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  const message = error instanceof Error ? error.message : String(error);
  const other = code === 'EADDRINUSE' ? await noSocketAt(path) : undefined;
  const why =
    other === undefined ? (FAILURES[code] ?? message) : `${other}: move it away, or name another admin.socket`;
  return new ListenError(code, `admin socket ${path}: ${why}`, error);
}

const FAILURES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process answers there: is chargehand running already?',
  // Node says this, too, where the folder is not there.
  EACCES:
    'permission denied, or its folder does not exist (the systemd unit creates it): it must be writable for this process, or name another admin.socket',
  ENOTDIR: 'its folder is not a folder: name another admin.socket',
  EROFS: 'its file system is read-only: name another admin.socket',
};
