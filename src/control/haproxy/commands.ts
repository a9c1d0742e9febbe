// The commands of HAProxy's socket: their words, their help, what each answers. An answer comes in pieces, so that a long
// one can be sent as fast as it is read. The talk around them (prompt, several in a line) is dialogue.ts's.

import { printable } from '../../core/printable.ts';
import type { Operator } from '../operator.ts';
import { CliError } from './cli-error.ts';
import { infoFields, type ProcessFacts, spokenVersion } from './info.ts';
import { type RowSources, rowsOf } from './rows.ts';
import { serverStates } from './server-state.ts';
import type { Servers } from './servers.ts';
import { sessionDetails, sessionLine } from './session-lines.ts';
import { showInfo } from './show-info.ts';
import { showStat } from './show-stat.ts';

export interface CommandTools {
  readonly servers: Servers;
  readonly operator: Pick<Operator, 'sessions' | 'endSession'>;
  rows(): RowSources;
  facts(): ProcessFacts;
}

type Answer = string | Iterable<string>;

interface Command {
  readonly words: readonly string[];
  readonly arguments: string;
  readonly help: string;
  run(given: readonly string[], tools: CommandTools): Answer;
}

const COMMANDS: readonly Command[] = [
  {
    words: ['disable', 'server'],
    arguments: '<backend>/<server>',
    help: 'maintenance: no new sessions, no health checks; running sessions stay',
    run: ([path], { servers }) => {
      servers.setState(servers.find(path), 'maint');
      return '';
    },
  },
  {
    words: ['enable', 'server'],
    arguments: '<backend>/<server>',
    help: 'back from maintenance',
    run: ([path], { servers }) => {
      servers.setState(servers.find(path), 'ready');
      return '';
    },
  },
  {
    words: ['get', 'weight'],
    arguments: '<backend>/<server>',
    help: "a server's weight, and that of the file",
    run: ([path], { servers }) => {
      const { service, backend } = servers.find(path);
      return `${servers.weight(service.name, backend)} (initial ${servers.initialWeight(service.name, backend)})\n`;
    },
  },
  {
    words: ['set', 'server'],
    arguments: '<backend>/<server> state|weight <value>',
    help: 'state: ready, drain, maint; weight: a number, or a percentage of the one in the file',
    run: setServer,
  },
  {
    words: ['set', 'weight'],
    arguments: '<backend>/<server> <value>',
    help: 'the same as set server … weight',
    run: ([path, value], tools) => setServer([path ?? '', 'weight', value ?? ''], tools),
  },
  {
    words: ['show', 'backend'],
    arguments: '',
    help: 'the names of the backends',
    run: (_given, { servers }) => `# name\n${servers.services.map(({ name }) => `${name}\n`).join('')}`,
  },
  {
    words: ['show', 'errors'],
    arguments: '',
    help: 'captured protocol errors: never any, as no protocol is spoken',
    run: () => 'Total events captured: 0\n',
  },
  {
    words: ['show', 'info'],
    arguments: '[typed|json]',
    help: 'the process',
    run: (given, { facts }) => showInfo(given, infoFields(facts())),
  },
  {
    words: ['show', 'servers', 'state'],
    arguments: '[<backend>]',
    help: 'how each server stands, in numbers',
    run: ([name], { servers, rows }) => {
      const only = name === undefined ? undefined : servers.service(name, "Can't find backend.");
      const initialWeight: Servers['initialWeight'] = (...of) => servers.initialWeight(...of);
      return serverStates({ ...rows(), initialWeight }, only);
    },
  },
  {
    words: ['show', 'sess'],
    arguments: '[<id>]',
    help: 'the running sessions, or one of them',
    run: ([id], { operator }) => (id === undefined ? sessionLines(operator) : oneSession(id, operator)),
  },
  {
    words: ['show', 'stat'],
    arguments: '[{<iid>|<proxy>} <type> <sid>] [typed|json] [up|no-maint]',
    help: 'the statistics of every frontend, server and backend',
    run: (given, { servers, rows }) => showStat(given, servers, rowsOf(rows())),
  },
  {
    words: ['show', 'version'],
    arguments: '',
    help: 'the version: the HAProxy whose words these are, and chargehand',
    run: (_given, { facts }) => `${spokenVersion(facts().version)}\n`,
  },
  {
    words: ['shutdown', 'session'],
    arguments: '<id>',
    help: 'ends one session',
    run: ([id], { operator }) => {
      if (id === undefined || !operator.endSession(id)) throw new CliError("No such session (use 'show sess').");
      return '';
    },
  },
  {
    words: ['shutdown', 'sessions', 'server'],
    arguments: '<backend>/<server>',
    help: 'ends the sessions of a server',
    run: ([path], { servers }) => {
      servers.endSessions(servers.find(path));
      return '';
    },
  },
];

/** Those that the dialogue does itself. */
const OF_THE_DIALOGUE: readonly Pick<Command, 'words' | 'arguments' | 'help'>[] = [
  { words: ['help'], arguments: '', help: 'these lines' },
  { words: ['prompt'], arguments: '', help: 'stay connected, and show a prompt (again: no more)' },
  { words: ['quit'], arguments: '', help: 'disconnect' },
  { words: ['set', 'timeout', 'cli'], arguments: '<delay>', help: 'how long a silent connection is kept (10s)' },
];

export function help(): string {
  const all = [...COMMANDS, ...OF_THE_DIALOGUE].map((one) => ({
    use: [...one.words, one.arguments].join(' ').trim(),
    help: one.help,
  }));
  const width = Math.max(...all.map(({ use }) => Math.min(use.length, 44)));
  const lines = all.sort((a, b) => (a.use < b.use ? -1 : 1)).map((one) => `  ${one.use.padEnd(width)} : ${one.help}\n`);
  return `The following commands are valid at this level:\n${lines.join('')}`;
}

/** Answers a command; throws a CliError where it can't be done. */
export function runCommand(words: readonly string[], tools: CommandTools): Answer {
  const command = COMMANDS.find((one) => one.words.every((word, i) => words[i] === word));
  if (command === undefined) {
    const what = words.length === 0 ? 'Unknown command' : `Unknown command: '${printable(words.join(' '), 80)}'`;
    throw new CliError(`${what}.\n${help().trimEnd()}`);
  }
  return command.run(words.slice(command.words.length), tools);
}

const STATES = ['ready', 'drain', 'maint'] as const;

function setServer([path, what, value]: readonly string[], { servers }: CommandTools): string {
  const server = servers.find(path);
  if (what === 'state') {
    const state = STATES.find((one) => one === value);
    if (state === undefined) throw new CliError("'set server <srv> state' expects 'ready', 'drain' and 'maint'.");
    servers.setState(server, state);
  } else if (what === 'weight') {
    servers.setWeight(server, value ?? '');
  } else {
    throw new CliError('usage: set server <backend>/<server> state | weight (anything else is set in the file)');
  }
  return '';
}

function* sessionLines(operator: CommandTools['operator']): Generator<string> {
  for (const row of operator.sessions()) yield sessionLine(row);
}

function oneSession(id: string, operator: CommandTools['operator']): string {
  for (const row of operator.sessions()) if (row.session === id) return sessionDetails(row);
  throw new CliError('Session not found.');
}
