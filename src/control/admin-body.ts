// The body of a request to the admin socket: bounded, and JSON or nothing. How long it may take is the server's.

import type { IncomingMessage } from 'node:http';
import { ChargehandError } from '../errors.ts';

const MAX_BODY_BYTES = 64 * 1024;

export type Body = Readonly<Record<string, unknown>>;

/** The JSON object; an empty one where there is no body. Rejects with `too-large` or `bad-request`. */
export async function readBody(request: IncomingMessage): Promise<Body> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let length = 0;
  // Left before its end the stream would be destroyed, and the answer with it.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  if (length === 0) return {};
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
  } catch {
    throw bad('the body is not JSON');
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw bad('the body is not a JSON object');
  return body as Body;
}

function tooLarge(): ChargehandError {
  return new ChargehandError('too-large', `the body is larger than ${MAX_BODY_BYTES / 1024} kB`, { side: 'client' });
}

function bad(message: string): ChargehandError {
  return new ChargehandError('bad-request', message, { side: 'client' });
}
