// The nodes of `npm run bench:health`, all of them in one process: plain listeners, web servers and TLS servers that
// answer what probes ask, on every loopback address. Reads its plan as JSON from its first argument; says how many connections it has
// accepted up to now, for every line on its standard input.

import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { BackendPlan } from './health-plan.ts';

const ANSWERS: Readonly<Record<string, string>> = {
  '/status/v1/simple': 'running',
  '/puppet-ca/v1/certificate/ca': '-----BEGIN CERTIFICATE-----\n',
  '/features': '["registration","templates"]',
};

function answer(socket: Socket): void {
  socket.on('error', () => {});
  socket.on('data', (request: Buffer) => {
    const path = request.toString('latin1').split(' ')[1] ?? '/';
    const body = ANSWERS[path] ?? 'ok';
    socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
  });
}

let accepted = 0;
const plan = JSON.parse(process.argv[2] ?? '{}') as BackendPlan;
const servers: [Server, number][] = [
  ...plan.plain.map((port): [Server, number] => [createServer(answer), port]),
  ...plan.secured.map((port): [Server, number] => [createTlsServer({ cert: plan.cert, key: plan.key }, answer), port]),
];
await Promise.all(
  servers.map(([server, port]) => {
    server.on('tlsClientError', () => {});
    server.on('connection', () => {
      accepted++;
    });
    return new Promise<void>((resolve) => server.listen({ host: '0.0.0.0', port, backlog: 4096 }, resolve));
  }),
);
process.stdin.on('data', () => process.stdout.write(`${accepted}\n`));
