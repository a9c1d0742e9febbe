// The servers of a stand-in Smart Proxy: they really speak what the ports speak, and answer as their table says
// (answers.ts). Beside it, on every HTTP and HTTPS port: `GET /` says the node's name, and `GET /bytes/N?seed=S` sends N
// seeded bytes. On the line port each line a client sends comes back as `NODE line`. They keep no state, and nothing they
// are sent changes anything.

import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createLineServer, type Server, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import { type Answer, type Answers, TRANSPORTS, type Transport } from './answers.ts';
import type { Identity } from './certificates.ts';
import { seededBytes } from './seeded-bytes.ts';

export interface StandInServers {
  readonly name: string;
  readonly services: readonly string[];
  /** What it answers now; asked for each request. */
  answers(): Answers;
  /** Whose client certificates are believed, PEM. */
  readonly authority: string;
  /** What a service's port shows. */
  identity(service: string): Identity;
}

/** One for each service, not yet listening. */
export function makeServers({ name, services, answers, authority, identity }: StandInServers): Map<string, Server> {
  // A kept-alive connection stays: what ends an idle one shall be the balancer's timeouts, not the node's.
  const kept = { keepAliveTimeout: 3_600_000 };
  const tls = (service: string) => ({ cert: identity(service).certificate, key: identity(service).key, ca: authority });
  const make: Record<Transport, (service: string) => Server> = {
    http: (service) =>
      createHttpServer(
        kept,
        answering(name, () => answers()[service] ?? {}),
      ),
    // Clients may show a certificate, and need not.
    https: (service) =>
      createHttpsServer(
        { ...tls(service), ...kept, requestCert: true, rejectUnauthorized: false },
        answering(name, () => answers()[service] ?? {}),
      ),
    lines: () => createLineServer((socket) => echoLines(name, socket)),
    // As mosquitto has it: nobody without a certificate.
    certified: (service) =>
      createTlsServer({ ...tls(service), requestCert: true, rejectUnauthorized: true }, (socket) =>
        echoLines(name, socket),
      ),
  };
  return new Map(services.map((service) => [service, make[TRANSPORTS[service] ?? 'http'](service)]));
}

function answering(node: string, answers: () => Readonly<Record<string, Answer | 'silence'>>) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? '/', 'http://stand-in');
    const bytes = /^\/bytes\/(\d{1,12})$/.exec(url.pathname)?.[1];
    response.setHeader('x-node', node);
    if (request.method !== 'GET') {
      response.writeHead(405).end();
    } else if (bytes !== undefined) {
      response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes });
      const body = Readable.from(seededBytes(url.searchParams.get('seed') ?? '', Number(bytes)));
      // A client that leaves in the middle is an everyday thing here.
      pipeline(body, response).catch(() => undefined);
    } else {
      const nothing: Answer = { status: 404, type: 'text/plain', body: 'not found\n' };
      const found = url.pathname === '/' ? greeting(node) : (answers()[url.pathname] ?? nothing);
      if (found === 'silence') return;
      const answer = found.certified === true && !isCertified(request.socket) ? FORBIDDEN : found;
      response.writeHead(answer.status, { 'content-type': answer.type, ...answer.headers }).end(answer.body);
    }
  };
}

const FORBIDDEN: Answer = { status: 403, type: 'text/plain', body: 'No client SSL certificate supplied' };

function isCertified(socket: Socket): boolean {
  return socket instanceof TLSSocket && socket.authorized;
}

function greeting(node: string): Answer {
  return { status: 200, type: 'text/plain', body: `${node}\n` };
}

function echoLines(node: string, socket: Socket): void {
  let rest = '';
  socket.setEncoding('utf8').on('error', () => undefined);
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) socket.write(`${node} ${line}\n`);
  });
}
