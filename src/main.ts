#!/usr/bin/env node
// The command line: arguments, environment, signals, exit codes. Nobody else touches `process`; what the commands do is
// done in the rooms below.

import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { Command, CommanderError } from 'commander';
import type { Config } from './config/config.ts';
import { loadConfig } from './config/load.ts';
import { didYouMean } from './config/near.ts';
import { showConfig } from './config/show.ts';
import { readDescriptorLimit } from './control/descriptor-limit.ts';
import { Runner } from './control/runner.ts';
import { systemClock } from './core/clock.ts';
import { printable } from './core/printable.ts';
import { ChargehandError, ConfigError, formatProblem, type Problem } from './errors.ts';
import { healthProblems } from './health/health-problems.ts';
import { chooseSockets } from './net/socket-way.ts';
import { createLog } from './observe/log.ts';

const EXIT = { done: 0, failed: 1, usage: 2, notRunning: 3, invalidConfig: 78 } as const;
const DEFAULT_FILE = '/etc/chargehand/chargehand.yaml';
/** Commands of the contract that are still to come. */
const NOT_YET: ReadonlySet<string> = new Set([
  'import',
  'doctor',
  'status',
  'plan',
  'reload',
  'drain',
  'ready',
  'maint',
  'sessions',
  'where',
  'upgrade',
]);
const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

interface FileOption {
  readonly config: string;
}

const version = packageVersion();

/** From package.json, which stands one folder above the sources and two above the build. */
function packageVersion(): string {
  for (const up of ['../package.json', '../../package.json']) {
    try {
      const file: unknown = JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8'));
      if (typeof file === 'object' && file !== null && 'version' in file) return String(file.version);
    } catch {
      // The other place, then.
    }
  }
  return 'unknown';
}

async function run({ config: file }: FileOption): Promise<number> {
  const loaded = await loadConfig(file);
  const { config, warnings } = loaded;
  const faults = healthFaults(config);
  if (faults.length > 0) throw new ConfigError(faults);
  const terminal = process.stdout.isTTY === true;
  const log = createLog(config.log, {
    fd: 1,
    isTerminal: terminal,
    color: terminal && !process.env['NO_COLOR'],
    clock: systemClock,
  });
  const runner = new Runner(config, {
    log,
    version,
    nodeVersion: process.version,
    hostName: hostname(),
    descriptors: readDescriptorLimit(),
    systemdSockets: systemdSockets(),
    sockets: await chooseSockets(binding),
  });
  const stopSignal = nextSignal();
  process.on('SIGUSR2', () => log.notice('warn', 'SIGUSR2: this version cannot upgrade itself yet; restart it'));
  process.on('SIGHUP', () =>
    log.notice('warn', 'SIGHUP: this version cannot reload yet; restart to apply a changed file'),
  );
  try {
    await runner.start(warnings);
    const signal = await stopSignal;
    const again = nextSignal();
    let hurried = false;
    const hurry = again.then(() => {
      hurried = true;
    });
    await runner.stop(signal, hurry);
    return hurried ? EXIT.failed : EXIT.done;
  } finally {
    await log.close();
  }
}

/** Node's internal modules, for raw sockets; not in Node's types, and to be taken away one day: then it throws. */
function binding(name: string): unknown {
  return (process as unknown as { binding(name: string): unknown }).binding(name);
}

/** Resolves with the next SIGTERM or SIGINT. */
function nextSignal(): Promise<string> {
  return new Promise((resolve) => {
    const caught = (signal: string) => {
      for (const name of STOP_SIGNALS) process.off(name, caught);
      resolve(signal);
    };
    for (const name of STOP_SIGNALS) process.on(name, caught);
  });
}

/** The sockets that systemd passed to this very process, by the names its unit gives them. */
function systemdSockets(): ReadonlyMap<string, number> {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = process.env;
  if (Number(LISTEN_PID) !== process.pid) return new Map();
  const names = (LISTEN_FDNAMES ?? '').split(':');
  const sockets = new Map<string, number>();
  for (let i = 0; i < Number(LISTEN_FDS); i++) sockets.set(names[i] ?? 'unknown', 3 + i);
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete process.env[name];
  return sockets;
}

/** Everything wrong with a file, and with the files that its health checks name. */
async function problemsOf(file: string): Promise<readonly Problem[]> {
  try {
    const { config, warnings } = await loadConfig(file);
    return [...warnings, ...healthFaults(config)];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

function healthFaults(config: Config): readonly Problem[] {
  return healthProblems(config.services).map(({ path, message }) => ({
    severity: 'error',
    file: config.file,
    line: 0,
    column: 0,
    path,
    message,
  }));
}

async function check({ config: file, strict }: FileOption & { readonly strict?: boolean }): Promise<number> {
  const problems = await problemsOf(file);
  for (const problem of problems) process.stderr.write(`${formatProblem(problem)}\n`);
  const bad = problems.some((p) => p.severity === 'error' || strict === true);
  return bad ? EXIT.failed : EXIT.done;
}

async function show({ config: file }: FileOption): Promise<number> {
  process.stdout.write(await showConfig(file));
  return EXIT.done;
}

function printVersion({ verbose }: { readonly verbose?: boolean }): number {
  process.stdout.write(`chargehand ${version}\n`);
  if (verbose === true) {
    const descriptors = readDescriptorLimit();
    const { node, uv } = process.versions;
    const kernel = readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim();
    const limit = descriptors === undefined ? 'unknown' : `${descriptors.soft} (hard ${descriptors.hard})`;
    process.stdout.write(`node ${node}\nlibuv ${uv}\nkernel ${kernel}\ndescriptor limit ${limit}\nrelay net\n`);
  }
  return EXIT.done;
}

/** The whole command line; `exit` gets the exit code of the command that ran. */
function commandLine(exit: (code: number) => void): Command {
  const program = new Command('chargehand')
    .description('A TCP load balancer for groups of Foreman/Katello Smart Proxies')
    .version(`chargehand ${version}`, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .option('-c, --config <file>', 'the configuration file', DEFAULT_FILE)
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error:/, 'chargehand:')) });
  const command = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .exitOverride()
      .helpOption('-h, --help', 'print this help')
      .configureHelp({ showGlobalOptions: true });
  command('run', 'run in the foreground').action(async (_options, c: Command) => exit(await run(c.optsWithGlobals())));
  command('check', 'validate a configuration file; silent where all is well')
    .option('--strict', 'warnings fail too')
    .action(async (_options, c: Command) => exit(await check(c.optsWithGlobals())));
  command('show', 'print the effective configuration, with the origin of each value').action(
    async (_options, c: Command) => exit(await show(c.optsWithGlobals())),
  );
  command('version', 'print the version')
    .option('--verbose', 'with Node, libuv, kernel, descriptor limit and relay')
    .action((options: { verbose?: boolean }) => exit(printVersion(options)));
  program.on('command:*', ([name = '']: string[]) => {
    if (NOT_YET.has(name)) program.error(`chargehand: ${name} is not in this version yet`);
    const known = program.commands.map((c) => c.name());
    program.error(`chargehand: there is no command ${printable(name)}${didYouMean(name, known)}; try chargehand help`);
  });
  return program;
}

async function main(): Promise<number> {
  let code: number = EXIT.usage;
  const program = commandLine((c) => {
    code = c;
  });
  try {
    await program.parseAsync(process.argv);
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    const running = process.argv[2] === 'run';
    if (error instanceof ConfigError) {
      process.stderr.write(`${error.message}\n`);
      return running ? EXIT.invalidConfig : EXIT.failed;
    }
    // Ours are written for users; anything else is a fault of the program, but still no stack trace for a user.
    const text = error instanceof Error ? error.message : String(error);
    const prefix = error instanceof ChargehandError ? '' : 'internal error: ';
    for (const line of text.split('\n')) process.stderr.write(`chargehand: ${prefix}${line}\n`);
    return EXIT.failed;
  }
}

process.exitCode = await main();
