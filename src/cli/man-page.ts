// The man page, from the same table as help. Text only; who writes it where is the caller's.

import type { Command } from './command.ts';

/** Section 1, as roff. */
export function manPage(commands: readonly Command[]): string {
  return `${[
    '.\\" Made from src/cli by npm run man: change it there.',
    '.TH CHARGEHAND 1 "" "chargehand" "User Commands"',
    '.SH NAME',
    'chargehand \\- TCP load balancer for groups of Foreman/Katello Smart Proxies',
    '.SH SYNOPSIS',
    '.B chargehand',
    '[\\fB\\-c\\fR \\fIFILE\\fR] \\fICOMMAND\\fR [\\fIOPTION\\fR...]',
    '.SH DESCRIPTION',
    text(
      'chargehand stands in front of a group of Smart Proxies in place of HAProxy, and serves well as a general TCP',
    ),
    text(
      'load balancer. TLS passes through untouched. One process runs (chargehand run, or the systemd unit); the other',
    ),
    text('commands check its file, or ask the running process by its admin socket.'),
    '.SH COMMANDS',
    ...commands.flatMap(commandLines),
    '.SH OPTIONS',
    ...option('-c, --config <file>', 'the configuration file (default: /etc/chargehand/chargehand.yaml)'),
    ...option('-h, --help', 'help, also of a command'),
    ...option('--version', 'print the version'),
    '.SH EXIT STATUS',
    ...EXITS.flatMap(([code, what]) => ['.TP', `.B ${code}`, text(what)]),
    '.SH SIGNALS',
    ...SIGNALS.flatMap(([name, what]) => ['.TP', `.B ${name}`, text(what)]),
    '.SH FILES',
    ...FILES.flatMap(([path, what]) => ['.TP', `.I ${text(path)}`, text(what)]),
    '.SH SEE ALSO',
    text('/usr/share/doc/chargehand, haproxy(1), systemctl(1), journalctl(1)'),
  ].join('\n')}\n`;
}

const EXITS = [
  ['0', 'done'],
  ['1', 'it failed; check or doctor found an error; import lost something, or --verify found a difference'],
  ['2', 'wrong usage'],
  ['3', 'nothing is running at that socket, or the file says that there is none'],
  ['78', 'run was given a configuration that is not valid'],
] as const;
const SIGNALS = [
  [
    'SIGTERM, SIGINT',
    'stop accepting, let sessions finish until timeouts.drain, end the rest; a second one ends at once',
  ],
  ['SIGHUP', 'reload the file'],
  ['SIGUSR2', 'upgrade: hand over to a new process'],
] as const;
const FILES = [
  ['/etc/chargehand/chargehand.yaml', 'the configuration'],
  ['/run/chargehand/admin.sock', 'the socket of the operator commands, for the group chargehand'],
  ['/var/lib/chargehand/state.json', 'what the operator set'],
  ['/usr/share/doc/chargehand/docs/configuration.md', 'every key of the configuration'],
] as const;

function commandLines({
  name,
  summary,
  details = [],
  examples = [],
  arguments: args = [],
  options = [],
}: Command): string[] {
  const words = [name, ...args.map((arg) => `\\fI${text(arg.name.toUpperCase())}\\fR`)];
  return [
    `.SS ${words.join(' ')}`,
    sentence(summary),
    ...details.flatMap((paragraph) => ['.PP', text(paragraph)]),
    ...options.flatMap(({ flags, description }) => option(flags, description)),
    ...examples.flatMap(([line, what]) => ['.PP', '.nf', `.B ${text(line)}`, '.fi', sentence(what)]),
  ];
}

function option(flags: string, description: string): string[] {
  return ['.TP', `.B ${text(flags)}`, sentence(description)];
}

function sentence(words: string): string {
  return `${text(words.charAt(0).toUpperCase() + words.slice(1))}.`;
}

/** Roff takes a hyphen for a hyphen, a backslash for a command and a dot at the start of a line for a request. */
function text(words: string): string {
  return words.replaceAll('\\', '\\e').replaceAll('-', '\\-').replace(/^[.']/, '\\&$&');
}
