// `chargehand sessions`.

import type { SessionRow } from '../control/admin-sessions.ts';
import { canonicalAddress, formatHostPort, isAddress } from '../core/address.ts';
import { printable } from '../core/printable.ts';
import { type Command, flagOption, type Given, textOption, wrongUsage } from './command.ts';
import { EXIT } from './host.ts';
import { checkNames } from './known-names.ts';
import { operatorClient, SOCKET_OPTION } from './operator-client.ts';
import { paintFor } from './paint.ts';
import { sessionsTable } from './sessions-table.ts';
import { counted } from './units.ts';

const FILTERS = ['node', 'service', 'client', 'local'] as const;

export const sessions: Command = {
  name: 'sessions',
  summary: 'list the running sessions',
  details: [
    "A node's own log shows only the load balancer's address and port: --local with that pair tells which client stands " +
      'behind it. A session that has ended stands in our log, with the same address as "local".',
    'IN is what the client sent, OUT what it got, up to now.',
  ],
  examples: [
    ['chargehand sessions --node proxy02', 'what still runs on a node'],
    ['chargehand sessions --local 192.0.2.5:41234', "who stands behind that address in a node's log"],
  ],
  options: [
    { flags: '--node <name>', description: 'only those on this node' },
    { flags: '--service <name>', description: 'only those of this service' },
    { flags: '--client <ip>', description: 'only those of this client' },
    { flags: '--local <addr:port>', description: "the one whose node sees it come from here (the balancer's side)" },
    { flags: '--json', description: 'print them as JSON' },
    SOCKET_OPTION,
  ],
  async run(given, host) {
    checkFilters(given);
    const client = await operatorClient(given);
    const answer = (await client.ask('GET', `/v1/sessions${queryOf(given)}`)) as { sessions: readonly SessionRow[] };
    const [node, service] = [textOption(given, 'node'), textOption(given, 'service')];
    if (answer.sessions.length === 0) {
      await checkNames(client, { node, services: service === undefined ? [] : [service] });
    }
    if (flagOption(given, 'json')) {
      host.write(`${JSON.stringify(answer.sessions)}\n`);
      return EXIT.done;
    }
    if (answer.sessions.length > 0) {
      host.write(sessionsTable(answer.sessions, paintFor(host.terminal.color)));
      if (answer.sessions.length > 1) host.write(`${counted(answer.sessions.length, 'session')}\n`);
      return EXIT.done;
    }
    const local = textOption(given, 'local');
    if (local === undefined) {
      const filtered = FILTERS.some((name) => textOption(given, name) !== undefined);
      host.write(`no session is running${filtered ? ' that fits' : ''}\n`);
      return EXIT.done;
    }
    const name = printable(local);
    host.tell(
      `chargehand: no running session comes from ${name}; if it has ended, the log has it: look for "${name}"\n`,
    );
    return EXIT.failed;
  },
};

/** What is wrong whatever runs. */
function checkFilters(given: Given): void {
  const client = textOption(given, 'client');
  if (client !== undefined && !isAddress(client)) {
    throw wrongUsage(`--client ${printable(client)} is not an IP address, such as 192.0.2.50`);
  }
  const local = textOption(given, 'local');
  if (local !== undefined && localOf(local) === undefined) {
    const example = '192.0.2.5:41234 or "[2001:db8::5]:41234"';
    throw wrongUsage(`--local ${printable(local)} is no ADDR:PORT, such as ${example}`);
  }
}

/** `ADDR:PORT` as sessions have it; undefined for what is none. */
function localOf(text: string): string | undefined {
  const [, v6, v4, port] = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):([0-9]{1,5})$/.exec(text) ?? [];
  const address = v6 ?? v4 ?? '';
  const isPort = Number(port) >= 1 && Number(port) <= 65_535;
  return isAddress(address) && isPort ? formatHostPort(canonicalAddress(address), Number(port)) : undefined;
}

function queryOf(given: Given): string {
  const query = new URLSearchParams();
  for (const name of FILTERS) {
    const value = textOption(given, name);
    if (value !== undefined) query.set(name, name === 'local' ? (localOf(value) ?? value) : value);
  }
  return query.size === 0 ? '' : `?${query}`;
}
