#!/usr/bin/env node
// The process: arguments, environment, signals, exit code. Nobody else touches `process`; what the commands do is done in
// the rooms below.

import { readFileSync } from 'node:fs';
import { runCommandLine } from './cli/command-line.ts';
import { EXIT, type Predecessor } from './cli/host.ts';
import { PREDECESSOR, SOCKETS } from './control/upgrade.ts';

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

/** The sockets that systemd passed to this very process, by the names its unit gives them. */
function systemdSockets(): Map<string, number> {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = process.env;
  const sockets = new Map<string, number>();
  if (Number(LISTEN_PID) !== process.pid) return sockets;
  const names = (LISTEN_FDNAMES ?? '').split(':');
  for (let i = 0; i < Number(LISTEN_FDS); i++) sockets.set(`systemd:${names[i] ?? 'unknown'}`, 3 + i);
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete process.env[name];
  return sockets;
}

/** The sockets of the process that this one is to follow, if there is one. */
function inheritedSockets(): Map<string, number> {
  const sockets: unknown = JSON.parse(process.env[SOCKETS] ?? '{}');
  delete process.env[SOCKETS];
  return new Map(Object.entries(sockets ?? {}).map(([key, fd]) => [key, Number(fd)]));
}

function predecessorOf(): Predecessor | undefined {
  const given = process.env[PREDECESSOR];
  delete process.env[PREDECESSOR];
  if (given === undefined || process.send === undefined) return undefined;
  const pid = Number(given);
  const started = startOf(pid);
  return {
    pid,
    // Its number may be another's once it is gone.
    runs: () => started !== undefined && startOf(pid) === started,
    // It may be gone by now, and nobody is left to be told.
    tell: (word) => void process.send?.({ word, pid: process.pid }, () => {}),
    heard: (word) =>
      new Promise((resolve) => {
        if (!process.connected) resolve();
        const done = () => {
          process.off('message', listen);
          process.off('disconnect', done);
          if (process.connected) process.disconnect();
          resolve();
        };
        const listen = (message: unknown) => {
          if (message === word) done();
        };
        process.on('message', listen);
        process.on('disconnect', done);
      }),
  };
}

/** When a process was started, in ticks since the machine was (proc(5)); undefined: it has ended, whoever waits for it. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? undefined : fields[18];
  } catch {
    return undefined;
  }
}

/** What could not be written to stdout; a reader who had enough (`| head`) is no fault. */
let unwritten: Error | undefined;
let abandoned = false;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  abandoned = true;
  if (error.code !== 'EPIPE') unwritten ??= error;
});
// Nobody is left to be told.
process.stderr.on('error', () => {});

const terminal = process.stdout.isTTY === true;
const [node = '', main = ''] = process.argv;
const predecessor = predecessorOf();

const code = await runCommandLine({
  write: (text) => void (abandoned || process.stdout.write(text)),
  abandoned: () => abandoned,
  tell: (text) => void process.stderr.write(text),
  terminal: {
    is: terminal,
    color: terminal && !process.env['NO_COLOR'],
    // Asked anew each time: a window is made larger and smaller.
    get columns() {
      return process.stdout.columns ?? 80;
    },
    get rows() {
      return process.stdout.rows ?? 24;
    },
  },
  env: process.env,
  pid: process.pid,
  monotonicNs: () => process.hrtime.bigint(),
  versions: { chargehand: packageVersion(), node: process.versions.node, uv: process.versions.uv },
  argv: { program: [node, ...process.execArgv, main], own: process.argv.slice(2) },
  signals: process,
  inherited: predecessor === undefined ? systemdSockets() : inheritedSockets(),
  predecessor,
  binding: (name) => (process as unknown as { binding(name: string): unknown }).binding(name),
});
// The error of a write comes a moment after it.
await new Promise((resolve) => process.stdout.write('', resolve));
if (unwritten !== undefined) process.stderr.write(`chargehand: the output can't be written: ${unwritten.message}\n`);
process.exitCode = unwritten !== undefined && code === EXIT.done ? EXIT.failed : code;
