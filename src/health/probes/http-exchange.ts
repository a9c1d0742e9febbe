// One HTTP/1.1 request over a connected socket, and its answer, read up to a bound. No redirects, no second request, no
// judgement. The socket stays the caller's to close.

import { request } from 'node:http';
import type { Duplex } from 'node:stream';

/** Everything that is read of an answer: head, body and their encoding. */
export const MAX_READ = 256 * 1024;

export interface HttpQuestion {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface HttpAnswer {
  readonly how: 'answered';
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
  /** Whether `body` is all of it. */
  readonly whole: boolean;
}

export type Exchange = HttpAnswer | { readonly how: 'broken'; readonly error: Error } | { readonly how: 'silent' };

/** An answer that the parser takes and we don't. */
export class HttpFault extends Error {}

export function exchange(socket: Duplex, question: HttpQuestion, signal: AbortSignal): Promise<Exchange> {
  return new Promise((resolve) => {
    let read = 0;
    let settled = false;
    const body: Buffer[] = [];
    let head: { status: number; headers: HttpAnswer['headers'] } | undefined;
    const settle = (result: Exchange): void => {
      if (settled) return;
      settled = true;
      socket.off('data', onData);
      signal.removeEventListener('abort', onAbort);
      resolve(result);
    };
    const answered = (whole: boolean): void => {
      if (head === undefined) settle({ how: 'broken', error: new HttpFault('more than 256 kB without an answer') });
      else settle({ how: 'answered', ...head, body: Buffer.concat(body), whole: whole && read <= MAX_READ });
    };
    const fail = (error: Error): void => settle({ how: 'broken', error });
    const onAbort = (): void => settle({ how: 'silent' });
    // Counts what is on the wire, so that neither empty chunks nor endless interim answers get around the bound.
    const onData = (chunk: Buffer): void => {
      read += chunk.length;
      // A turn later: what of it belongs to the body has been added by then.
      if (read > MAX_READ) setImmediate(answered, false);
    };
    const sent = request({
      createConnection: () => socket,
      method: question.method,
      path: question.path,
      headers: { 'user-agent': 'chargehand', accept: '*/*', connection: 'close', ...question.headers },
      setHost: false,
    });
    sent.on('error', fail);
    // 101 without having asked for it.
    sent.on('upgrade', () => fail(new HttpFault('it leaves HTTP without being asked')));
    sent.on('response', (response) => {
      head = { status: response.statusCode ?? 0, headers: response.headers };
      response.on('data', (chunk: Buffer) => {
        if (!settled) body.push(chunk);
      });
      response.on('end', () => answered(true));
      response.on('error', fail);
    });
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    sent.end();
    socket.on('data', onData);
  });
}
