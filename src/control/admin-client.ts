// The client side of the admin socket and of the read-only port: one request, one answer, and every way it can fail as a
// line with a way out. Knows no commands and what no answer means.

import { type IncomingMessage, request } from 'node:http';
import { printable } from '../core/printable.ts';
import { socketPathFault } from '../core/socket-path.ts';
import { ChargehandError, type DialFailure } from '../errors.ts';
import { dialError } from '../net/socket-error.ts';
import { groupOfSocket, noSocketAt } from './admin-socket.ts';

export interface AdminClient {
  /** Resolves with the JSON of the answer; rejects with a ChargehandError: `not-running` where nobody is there. */
  ask(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<unknown>;
}

/** A `GET` is answered at once. What changes something may take its time. */
const PATIENCE_MS = 30_000;
/** More than a hundred thousand sessions need. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Throws a ChargehandError where no socket can have that path. */
export function adminClient(socketPath: string): AdminClient {
  const fault = socketPathFault(socketPath);
  if (fault !== undefined) {
    throw new ChargehandError('bad-socket-path', `${printable(socketPath)}: ${fault}`, { side: 'client' });
  }
  return {
    ask: (method, path, body) => ask({ socketPath }, { method, path, body }, (error) => unreachable(error, socketPath)),
  };
}

/** The read-only port, `http://127.0.0.1:8404`: GET only. */
export function readOnlyClient(url: string): AdminClient {
  const base = URL.canParse(url) ? new URL(url) : undefined;
  if (base?.protocol !== 'http:') {
    throw new ChargehandError('bad-url', `${printable(url)} is no URL like http://127.0.0.1:8404`, { side: 'client' });
  }
  const place = { host: base.hostname.replace(/^\[(.*)\]$/, '$1'), port: base.port === '' ? 80 : Number(base.port) };
  return {
    ask: (method, path, body) =>
      ask(place, { method, path, body }, (error) => {
        const wayOut = "the file's http.listen says where it is";
        if (isNoHttp(error)) return noAnswer(`what answers at ${base.origin} speaks no HTTP; ${wayOut}`, error);
        const why = WHY[dialError(error, base.host).reason] ?? error.message;
        return notRunning(`nothing answers at ${base.origin}: ${why}; ${wayOut}`, error);
      }),
  };
}

/** Why nobody is there. */
const WHY: Readonly<Partial<Record<DialFailure, string>>> = {
  refused: 'nothing listens on that port',
  reset: 'the connection was cut',
  timeout: 'it gives no answer',
  unreachable: "the host can't be reached",
  unresolved: 'its name has no address here',
  'no-route': 'there is no route to it',
};

/** Bytes came, but not those of HTTP: another service. */
function isNoHttp({ code }: NodeJS.ErrnoException): boolean {
  return code?.startsWith('HPE_') === true;
}

interface Question {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

async function ask(
  place: { readonly socketPath: string } | { readonly host: string; readonly port: number },
  { method, path, body }: Question,
  unreachable: (error: NodeJS.ErrnoException) => Promise<ChargehandError> | ChargehandError,
): Promise<unknown> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const answer = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const asking = request({
      ...place,
      method,
      path,
      agent: false,
      ...(method === 'GET' ? { timeout: PATIENCE_MS } : {}),
      headers: {
        // A Unix socket has no name, and HTTP wants one.
        ...('socketPath' in place ? { host: 'localhost' } : {}),
        ...(payload === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
      },
    });
    asking.on('timeout', () => asking.destroy(new Error(`no answer for ${PATIENCE_MS / 1000} s`)));
    asking.on('error', reject);
    asking.on('response', (response) => {
      readAll(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject);
    });
    asking.end(payload);
  }).catch(async (error) => {
    throw await unreachable(error);
  });
  const parsed = parse(answer.text);
  if (answer.status >= 200 && answer.status < 300 && parsed !== undefined) return parsed;
  throw refusal(answer.status, parsed ?? saidInWords(answer.text));
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MOST_BYTES) throw new Error('the answer has no end');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The read-only port turns away who asks by a name that it doesn't know, and says by which to ask. */
function saidInWords(text: string): { readonly error: string } | undefined {
  return text.startsWith('unknown Host: ') ? { error: text.trim() } : undefined;
}

/** What a running balancer says no to; its words are meant for users already. */
function refusal(status: number, answer: unknown): ChargehandError {
  const said = typeof answer === 'object' && answer !== null && 'error' in answer ? String(answer.error) : undefined;
  const message = said ?? `the answer is not one of a chargehand (HTTP status ${status}): is this the right place?`;
  return new ChargehandError(status === 404 ? 'not-found' : 'refused', lines(message), {
    side: 'client',
  });
}

async function unreachable(error: NodeJS.ErrnoException, path: string): Promise<ChargehandError> {
  const other = await noSocketAt(path);
  if (other !== undefined) return notRunning(`${path}: ${other}: name the socket of chargehand with --socket`, error);
  if (isNoHttp(error)) {
    const message = `what answers at ${path} is no admin socket of chargehand: name that with --socket (the file's admin.socket)`;
    return noAnswer(message, error);
  }
  switch (error.code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
    case 'ENOTDIR':
    case 'ENOTSOCK':
      return notRunning(
        `nothing is running at ${path}: start it (systemctl start chargehand), or name its socket with --socket`,
        error,
      );
    case 'EACCES':
    case 'EPERM': {
      const group = await groupOfSocket(path);
      return new ChargehandError(
        'permission-denied',
        `permission denied on ${path}: it is for members of the group ${group ?? 'chargehand'}; use sudo, or be one of them`,
        { side: 'client', cause: error },
      );
    }
    default:
      return noAnswer(`${path}: ${error.message}; the log of chargehand may say more`, error);
  }
}

function noAnswer(message: string, cause: unknown): ChargehandError {
  return new ChargehandError('no-answer', message, { side: 'client', cause });
}

function notRunning(message: string, cause: unknown): ChargehandError {
  return new ChargehandError('not-running', message, { side: 'client', cause });
}

/** Several problems are several lines. */
function lines(text: string): string {
  return text
    .split('\n')
    .map((line) => printable(line, 1000))
    .join('\n');
}
