// The hand-over to a new program: it is started with our listening sockets, says when all of them are its own, and is given
// the sockets of the operator once we have let go of them. It knows neither what is listened on nor what we do after.

import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Clock } from '../core/clock.ts';
import { ChargehandError } from '../errors.ts';
import type { Plan } from './reload.ts';

/** What the two processes say to each other; the new one with its process id. */
export const READY = 'chargehand: ready';
export const YOURS = 'chargehand: yours';

/** The environment of a successor: whose it is, and its sockets as JSON: key to descriptor. */
export const PREDECESSOR = 'CHARGEHAND_PREDECESSOR';
export const SOCKETS = 'CHARGEHAND_SOCKETS';

/**
 * Starts the program, ends as it does, and ends it when told to. Once the program is ready this one is killed, and the
 * program becomes a child of init: systemd lets its main process finish, and sees it end, only where it is its own child.
 */
const STARTER = `trap 'kill -KILL $program' TERM; "$@" & program=$!; wait $program`;
/** How a program ends that was given a configuration that is not valid. */
const INVALID_CONFIG = 78;
/** How a shell ends when it can't start a program; above SIGNALLED, when a signal ended it. */
const NOT_STARTED = [126, 127];
const SIGNALLED = 128;

/** The first descriptor after stdin, stdout, stderr and the channel. */
const FIRST = 4;
const READY_WITHIN_MS = 60_000;

export interface UpgradeOptions {
  /** The program and the arguments it is started with. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** Listening sockets by what they are bound to. */
  readonly sockets: ReadonlyMap<string, number>;
  readonly clock: Clock;
}

export interface Upgrade {
  readonly pid: number;
  /** What the new process does otherwise, since the file has changed; null: this program can't read that file. */
  readonly plan: Plan | null;
}

export interface Successor {
  readonly pid: number;
  /** Lets it have what only one process can have. */
  takeOver(): void;
}

/** Resolves when the new process holds every socket; rejects, and then it is gone, when it doesn't come to that. */
export function startSuccessor(options: UpgradeOptions): Promise<Successor> {
  const [program = '', ...args] = options.command;
  const keys = [...options.sockets.keys()];
  const env = { ...options.env };
  // The watchdog and the sockets of systemd are ours by our process id.
  for (const name of ['WATCHDOG_PID', 'LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete env[name];
  env[PREDECESSOR] = String(options.pid);
  env[SOCKETS] = JSON.stringify(Object.fromEntries(keys.map((key, i) => [key, FIRST + i])));
  const child = spawn('/bin/sh', ['-c', STARTER, 'sh', program, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc', ...options.sockets.values()],
    env,
    // Ctrl-C on a terminal is for the one that runs in its foreground.
    detached: true,
  });
  return new Promise((resolve, reject) => {
    const timer = options.clock.after(READY_WITHIN_MS, () =>
      failed(`was not ready within ${READY_WITHIN_MS / 1000} s`),
    );
    const settled = (): void => {
      timer.cancel();
      child.removeAllListeners();
    };
    const failed = (why: string): void => {
      settled();
      // It may end only now: nobody is left to hear of it.
      child.on('error', () => {});
      child.kill('SIGTERM');
      const message = `the new program ${why}: the version before goes on running`;
      reject(new ChargehandError('upgrade-failed', message, { side: 'proxy' }));
    };
    child.on('error', (error) => failed(`${program} can't be started: ${error.message}`));
    child.on('exit', (code) => failed(ending(program, code ?? SIGNALLED)));
    child.on('message', (message) => {
      const pid = readyPid(message);
      if (pid === undefined) return;
      settled();
      child.on('error', () => {});
      // The program is a child of init only when the starter is gone.
      child.once('exit', () => resolve(successor(child, pid)));
      child.kill('SIGKILL');
    });
  });
}

function ending(program: string, code: number): string {
  if (NOT_STARTED.includes(code)) return `${program} can't be started`;
  if (code === INVALID_CONFIG) return 'refuses the configuration as not valid (chargehand check tells why)';
  const [signal] = Object.entries(constants.signals).find(([, number]) => number === code - SIGNALLED) ?? [];
  return `ended with ${signal ?? `exit code ${code}`} before it was ready`;
}

/** Of a program that says that it is ready. */
function readyPid(message: unknown): number | undefined {
  if (typeof message !== 'object' || message === null || !('word' in message) || !('pid' in message)) return undefined;
  return message.word === READY && typeof message.pid === 'number' ? message.pid : undefined;
}

function successor(child: ChildProcess, pid: number): Successor {
  child.unref();
  return {
    pid,
    takeOver() {
      child.send(YOURS, () => child.disconnect());
    },
  };
}
