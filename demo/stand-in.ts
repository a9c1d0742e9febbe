// One stand-in Smart Proxy as a process of its own: it really speaks what the ports speak, answers what health probes ask
// (answers.ts), and can be killed. Beside the table, on every HTTP and HTTPS port: `GET /` says the node's name, and
// `GET /bytes/N?seed=S` sends N seeded bytes. On the line port each line a client sends comes back as `NODE line`.
// It keeps no state, and nothing it is sent changes anything.

import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createLineServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { type Answer, answersOf, TRANSPORTS, type Transport } from './answers.ts';
import { seededBytes } from './seeded-bytes.ts';

const USAGE =
  'use: stand-in --name NODE --address ADDRESS --certificates DIR [--lb NAME] [--signs] --port SERVICE=PORT [--port …]\n' +
  `services: ${Object.keys(TRANSPORTS).join(', ')}; DIR holds ca.pem, NODE.pem and NODE.key`;

interface Options {
  readonly name: string;
  readonly address: string;
  readonly certificates: string;
  readonly lbName: string;
  readonly signs: boolean;
  readonly ports: Readonly<Record<string, number>>;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      name: { type: 'string' },
      address: { type: 'string' },
      certificates: { type: 'string' },
      lb: { type: 'string', default: 'smartproxy.example.test' },
      signs: { type: 'boolean', default: false },
      port: { type: 'string', multiple: true, default: [] },
    },
  });
  const ports = Object.fromEntries(values.port.map(readPort));
  const { name, address, certificates, lb, signs } = values;
  if (name === undefined || address === undefined || certificates === undefined || values.port.length === 0) {
    throw new Error(USAGE);
  }
  return { name, address, certificates, lbName: lb, signs, ports };
}

function readPort(text: string): [string, number] {
  const [service = '', port = ''] = text.split('=');
  if (TRANSPORTS[service] === undefined || !/^\d{1,5}$/.test(port)) throw new Error(`--port ${text}: not SERVICE=PORT`);
  return [service, Number(port)];
}

/** The servers, one a service, not yet listening. */
function makeServers(options: Options): Map<string, Server> {
  const read = (file: string): string => readFileSync(join(options.certificates, file), 'utf8');
  const authority = read('ca.pem');
  const identity = { cert: read(`${options.name}.pem`), key: read(`${options.name}.key`) };
  const answers = answersOf({ lbName: options.lbName, ports: options.ports, signs: options.signs, authority });
  // A kept-alive connection stays: what ends an idle one shall be the balancer's timeouts, not the node's.
  const kept = { keepAliveTimeout: 3_600_000 };
  const make: Record<Transport, (service: string) => Server> = {
    http: (service) => createHttpServer(kept, answering(options.name, answers[service] ?? {})),
    https: (service) => createHttpsServer({ ...identity, ...kept }, answering(options.name, answers[service] ?? {})),
    lines: () => createLineServer((socket) => echoLines(options.name, socket)),
  };
  return new Map(Object.keys(options.ports).map((service) => [service, make[TRANSPORTS[service] ?? 'http'](service)]));
}

function answering(node: string, answers: Readonly<Record<string, Answer>>) {
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
      const answer = url.pathname === '/' ? greeting(node) : (answers[url.pathname] ?? nothing);
      response.writeHead(answer.status, { 'content-type': answer.type, ...answer.headers }).end(answer.body);
    }
  };
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

function listen(server: Server, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new Error(listenAdvice(error, address, port))));
    server.listen({ host: address, port, backlog: 1024 }, resolve);
  });
}

function listenAdvice(error: NodeJS.ErrnoException, address: string, port: number): string {
  if (error.code === 'EADDRINUSE') {
    return `${address}:${port} is taken, perhaps by another demo; 'ss -ltnp sport = :${port}' shows by whom`;
  }
  if (error.code === 'EADDRNOTAVAIL') {
    return `${address} is no address of this machine; on Linux all of 127.0.0.0/8 is, elsewhere add it to the loopback interface`;
  }
  return `${address}:${port}: ${error.message}`;
}

/** Tells the process that started it, or the terminal. */
function report(message: { readonly ready: true } | { readonly failed: string }): void {
  if (process.send !== undefined) process.send(message);
  else if ('ready' in message) console.log('ready');
  else console.error(message.failed);
}

async function main(): Promise<void> {
  const options = readOptions();
  const servers = makeServers(options);
  await Promise.all(
    [...servers].map(([service, server]) => listen(server, options.address, options.ports[service] ?? 0)),
  );
  report({ ready: true });
}

// It holds nothing that must be put away: to stop is to go. The same when the demo that started it is gone.
for (const event of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.once(event, () => process.exit());

main().catch((error: unknown) => {
  report({ failed: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
  if (process.connected) process.disconnect();
  else process.exit();
});
