// The command line: from arguments to a command, and from what it throws to lines and an exit code. What the commands do
// stands in their own files.

import { Command as Commander, CommanderError } from 'commander';
import { didYouMean } from '../config/near.ts';
import { printable } from '../core/printable.ts';
import { ChargehandError, ConfigError } from '../errors.ts';
import { type Command, type Given, type Option, WRONG_USAGE, wrongUsage } from './command.ts';
import { COMMANDS } from './commands.ts';
import { EXIT, type Host } from './host.ts';

const DEFAULT_FILE = '/etc/chargehand/chargehand.yaml';

/** Runs the command that the arguments name; answers the exit code. Never throws. */
export async function runCommandLine(host: Host): Promise<number> {
  let code: number = EXIT.usage;
  const program = commandLine(host, (c) => {
    code = c;
  });
  try {
    await program.parseAsync([...host.argv.own], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    return tell(error, host);
  }
}

/** One line for each problem, and the exit code for it. */
function tell(error: unknown, host: Host): number {
  if (error instanceof ConfigError) {
    host.tell(`${error.message}\n`);
    return host.argv.own.includes('run') ? EXIT.invalidConfig : EXIT.failed;
  }
  // Ours are written for users; anything else is a fault of the program, but still no stack trace for a user.
  const text = error instanceof Error ? error.message : String(error);
  const prefix = error instanceof ChargehandError ? '' : 'internal error: ';
  for (const line of text.split('\n')) host.tell(`chargehand: ${prefix}${line}\n`);
  return error instanceof ChargehandError ? (EXIT_OF[error.code] ?? EXIT.failed) : EXIT.failed;
}

/** Of the failures that have an exit code of their own, by their code. */
const EXIT_OF: Readonly<Record<string, number>> = {
  'not-running': EXIT.notRunning,
  'no-socket': EXIT.notRunning,
  [WRONG_USAGE]: EXIT.usage,
  'bad-socket-path': EXIT.usage,
  'bad-url': EXIT.usage,
};

function commandLine(host: Host, exit: (code: number) => void): Commander {
  const program = new Commander('chargehand')
    .description('A TCP load balancer for groups of Foreman/Katello Smart Proxies')
    .version(`chargehand ${host.versions.chargehand}`, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .option('-c, --config <file>', 'the configuration file', once('--config'), DEFAULT_FILE)
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => host.write(text),
      writeErr: (text) => host.tell(text),
      outputError: (text, write) => write(text.replace(/^error:/, 'chargehand:')),
    });
  for (const command of COMMANDS) add(program, command, host, exit);
  program.on('command:*', ([name = '']: string[]) => {
    const known = program.commands.map((c) => c.name());
    program.error(`chargehand: there is no command ${printable(name)}${didYouMean(name, known)}; try chargehand help`);
  });
  return program;
}

function add(program: Commander, command: Command, host: Host, exit: (code: number) => void): void {
  const entry = program
    .command(command.name)
    .summary(command.summary)
    .description([command.summary, ...(command.details ?? [])].join('\n\n'))
    .exitOverride()
    .helpOption('-h, --help', 'print this help')
    .configureHelp({ showGlobalOptions: true });
  for (const { name, description } of command.arguments ?? []) entry.argument(`<${name}>`, description);
  for (const option of command.options ?? []) addOption(entry, option);
  const examples = command.examples ?? [];
  if (examples.length > 0) {
    entry.addHelpText('after', `\nExamples:\n${examples.map(([line, what]) => `  ${line}\n      ${what}`).join('\n')}`);
  }
  entry.action(async () => {
    const { config, ...options } = entry.optsWithGlobals<Given['options'] & { config: string }>();
    const configNamed = program.getOptionValueSource('config') === 'cli';
    exit(await command.run({ config, configNamed, arguments: entry.args, options }, host));
  });
}

function addOption(entry: Commander, { flags, description, repeatable }: Option): void {
  const [name = ''] = flags.split(' ');
  // Flags lose nothing by being given twice, and `<…...>` is a list by itself.
  if (repeatable) entry.option(flags, description, (value, before: readonly string[] = []) => [...before, value]);
  else if (/<[^.]+>/.test(flags)) entry.option(flags, description, once(name));
  else entry.option(flags, description);
}

/** The value of an option that takes one. */
function once(name: string): (value: string) => string {
  let first: string | undefined;
  return (value) => {
    if (first !== undefined) {
      throw wrongUsage(
        `${name} takes one value and was given two (${printable(first)}, ${printable(value)}): give one`,
      );
    }
    first = value;
    return value;
  };
}
