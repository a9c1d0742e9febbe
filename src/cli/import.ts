// `chargehand import HAPROXY.CFG`.

import { versionOf } from '../config/haproxy/conditions.ts';
import { type Imported, importHaproxy } from '../config/haproxy/import-haproxy.ts';
import type { Remark } from '../config/haproxy/remarks.ts';
import { readClients, readShowStat } from '../config/haproxy/running.ts';
import { readText } from '../config/load.ts';
import { canonicalAddress, isAddress } from '../core/address.ts';
import { systemClock } from '../core/clock.ts';
import { printable } from '../core/printable.ts';
import { ChargehandError } from '../errors.ts';
import { askCommandSocket } from '../net/ask-command-socket.ts';
import { type Command, type Given, textOption, wrongUsage } from './command.ts';
import { EXIT, type Host } from './host.ts';
import { probeAll } from './import-probes.ts';
import { verify } from './import-verify.ts';

/** The last whose `balance` is roundrobin where none is said. */
const ASSUMED = '3.2';

export const importCommand: Command = {
  name: 'import',
  summary: "print the configuration that a haproxy.cfg means, with remarks on what can't be carried over",
  details: [
    'The configuration goes to stdout, the remarks to stderr. "lost" is what matters and is not carried over: then the exit ' +
      'code is 1. "note" is what has another place here or needs none, "better" what chargehand does otherwise, and why.',
    'With --verify nothing is printed of the configuration: the HAProxy that runs is asked for its servers and clients, every ' +
      'backend is asked once by the check it would have here, and each line says whether both see the same. Exit 1 where ' +
      'anything differs.',
    'Everything that decides where sessions go is carried over; a value that only makes clients fail earlier is not.',
  ],
  examples: [
    [
      'chargehand import /etc/haproxy/haproxy.cfg > chargehand.yaml',
      'the configuration to a file, the remarks to read',
    ],
  ],
  arguments: [{ name: 'haproxy.cfg', description: 'the file to read, in mode tcp' }],
  options: [
    { flags: '--verify <socket>', description: 'compare with the HAProxy that runs, by its stats socket' },
    { flags: '--client <ip...>', description: 'the clients to compare (default: those that HAProxy has sessions of)' },
    {
      flags: '--haproxy-version <version>',
      description: `the HAProxy it was written for (default: ${ASSUMED}; 3.3 changed the default of balance)`,
    },
  ],
  async run(given, host) {
    const file = given.arguments[0] ?? '';
    const socket = textOption(given, 'verify');
    const clients = clientsOption(given);
    if (clients !== undefined && socket === undefined)
      throw wrongUsage('--client names whom --verify compares: say --verify SOCKET, too');
    const imported = await read(file, given, (name) => host.env[name]);
    if (socket !== undefined) return compared(imported, socket, clients, host);
    host.write(imported.yaml);
    for (const remark of imported.remarks) host.tell(`${remarkLine(file, remark)}\n`);
    host.tell(`${printable(file)}: ${summary(imported)}\n`);
    return imported.lost ? EXIT.failed : EXIT.done;
  },
};

async function read(file: string, given: Given, environment: (name: string) => string | undefined): Promise<Imported> {
  const version = textOption(given, 'haproxyVersion');
  if (version !== undefined && !/^[0-9]+\.[0-9]/.test(version)) {
    throw wrongUsage(`--haproxy-version ${printable(version)}: write it like 2.8 or 3.3`);
  }
  const text = await readText(file, false);
  return importHaproxy(text, {
    ...{ file, environment },
    version: versionOf(version ?? ASSUMED),
    versionGiven: version !== undefined,
  });
}

async function compared(
  imported: Imported,
  socket: string,
  named: readonly string[] | undefined,
  host: Host,
): Promise<number> {
  const running = readShowStat(await askCommandSocket(socket, 'show stat', systemClock));
  if (running === undefined) {
    const message = `${printable(socket)} gives no statistics: is it the stats socket of a HAProxy?`;
    throw new ChargehandError('no-answer', message, { side: 'client' });
  }
  const clients = named ?? readClients(await askCommandSocket(socket, 'show sess', systemClock));
  const seen = await probeAll(imported.config);
  const { lines, differences } = verify(imported, running, seen, clients);
  for (const line of lines) host.write(`${line}\n`);
  const verdict =
    differences === 0
      ? 'nothing differs'
      : `${count(differences, 'thing')} that ${differences === 1 ? 'differs' : 'differ'}`;
  const lost = imported.lost ? '; what import calls lost is not compared' : '';
  host.tell(`${verdict}, compared for ${count(clients.length, 'client')}${lost}\n`);
  return differences === 0 ? EXIT.done : EXIT.failed;
}

/** undefined: none was named. */
function clientsOption({ options }: Given): string[] | undefined {
  const given = options['client'];
  if (!Array.isArray(given)) return undefined;
  return given.map((text: string) => {
    if (isAddress(text)) return canonicalAddress(text);
    throw wrongUsage(`--client ${printable(text)} is not an IP address`);
  });
}

function remarkLine(file: string, { kind, line, message }: Remark): string {
  const place = line === 0 ? printable(file) : `${printable(file)}:${line}`;
  return `${place}: ${kind}: ${message}`;
}

function summary({ remarks, config }: Imported): string {
  const services = `${count(config.services.length, 'service')} on ${count(config.nodes.length, 'node')}`;
  const lost = remarks.filter(({ kind }) => kind === 'lost').length;
  if (lost === 0) return `${services}; everything that matters was carried over`;
  return `${services}; ${lost === 1 ? 'one thing that matters was' : `${lost} things that matter were`} lost: see "lost" above`;
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
