// An answer of the read-only port, and the headers that every one of them carries: nothing from elsewhere is loaded, no
// page of somebody else's frames ours or reads it.

import type { IncomingMessage, ServerResponse } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

export const ALWAYS: Readonly<Record<string, string>> = {
  'content-type': 'text/plain; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

export function text(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, body, headers };
}

export function json(value: unknown): Answer {
  return { status: 200, body: `${JSON.stringify(value)}\n`, headers: { 'content-type': 'application/json' } };
}

export function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const headers = { ...ALWAYS, 'content-length': Buffer.byteLength(answer.body), ...answer.headers };
  response.writeHead(answer.status, headers);
  response.end(request.method === 'HEAD' ? undefined : answer.body);
}
