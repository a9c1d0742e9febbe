// One stand-in Smart Proxy as a process of its own, which can be killed: the servers of stand-in-servers.ts on its
// address. `--wrong FAULT` makes it answer wrongly in one of the ways of faults.ts.

import { readFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { answersOf, TRANSPORTS } from './answers.ts';
import { FAULTS, type Fault, isFault, withFaults } from './faults.ts';
import { makeServers } from './stand-in-servers.ts';

const USAGE =
  'use: stand-in --name NODE --address ADDRESS --certificates DIR [--lb NAME] [--signs] [--wrong FAULT …] --port SERVICE=PORT [--port …]\n' +
  `services: ${Object.keys(TRANSPORTS).join(', ')}; DIR holds ca.pem, NODE.pem and NODE.key\n` +
  `faults: ${Object.keys(FAULTS).join(', ')}`;

interface Options {
  readonly name: string;
  readonly address: string;
  readonly certificates: string;
  readonly lbName: string;
  readonly signs: boolean;
  readonly wrong: readonly Fault[];
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
      wrong: { type: 'string', multiple: true, default: [] },
      port: { type: 'string', multiple: true, default: [] },
    },
  });
  const ports = Object.fromEntries(values.port.map(readPort));
  const { name, address, certificates, lb, signs } = values;
  if (name === undefined || address === undefined || certificates === undefined || values.port.length === 0) {
    throw new Error(USAGE);
  }
  const wrong = values.wrong.filter(isFault);
  if (wrong.length < values.wrong.length) throw new Error(USAGE);
  return { name, address, certificates, lbName: lb, signs, wrong, ports };
}

function readPort(text: string): [string, number] {
  const [service = '', port = ''] = text.split('=');
  if (TRANSPORTS[service] === undefined || !/^\d{1,5}$/.test(port)) throw new Error(`--port ${text}: not SERVICE=PORT`);
  return [service, Number(port)];
}

/** The servers, one a service, not yet listening. */
function serversOf(options: Options): ReadonlyMap<string, Server> {
  const { name, certificates, lbName, ports, signs, wrong } = options;
  const read = (file: string): string => readFileSync(join(certificates, file), 'utf8');
  const answers = withFaults(answersOf({ lbName, ports, signs, authority: read('ca.pem') }), wrong);
  const identity = { certificate: read(`${name}.pem`), key: read(`${name}.key`) };
  return makeServers({
    name,
    services: Object.keys(ports),
    answers: () => answers,
    authority: read('ca.pem'),
    identity: () => identity,
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
  const servers = serversOf(options);
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
