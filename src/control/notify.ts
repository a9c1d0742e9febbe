// What systemd is told about this process (sd_notify): ready, reloading, stopping, a word on how it stands, and the
// watchdog. Node has no Unix datagram sockets, so `systemd-notify` sends for us; one shell for the life of the process runs
// it, since starting a child stops the loop for milliseconds and the loop starts only this one.

import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock, Timer } from '../core/clock.ts';
import { printable } from '../core/printable.ts';

/**
 * Reads notices, each some lines of NAME=VALUE and an empty one, and passes them on one by one. Before version 246 (EL 8)
 * systemd-notify doesn't wait until systemd has read what it sent, and systemd drops what comes from a process that is gone:
 * there each notice is sent five times. None of them means anything else the second time.
 */
const HELPER = `version=$(systemd-notify --version | sed -n 's/^systemd \\([0-9]*\\).*/\\1/p')
again=
[ "\${version:-246}" -ge 246 ] || again='2 3 4 5'
set --
while IFS= read -r line; do
  if [ -n "$line" ]; then set -- "$@" "$line"; continue; fi
  for time in 1 $again; do systemd-notify "$@"; done
  set --
done`;
/** The watchdog is fed this many times in its interval. */
const FEEDS = 3;
const MONOTONIC_NS_IN_US = 1000n;

export interface NotifyOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  readonly clock: Clock;
  /** Nanoseconds of CLOCK_MONOTONIC, which systemd wants with RELOADING. */
  readonly monotonicNs: () => bigint;
  /** Whether everything beside this loop that must move has moved since it was asked last. */
  readonly alive: () => boolean;
  /** The helper can't be started, or ended by itself. */
  readonly onFailed: (error: Error) => void;
}

/** Without a NOTIFY_SOCKET everything here does nothing. */
export class Notifier {
  readonly #options: NotifyOptions;
  readonly #helper: ChildProcess | undefined;
  #watchdog: Timer | undefined;
  #closed = false;

  constructor(options: NotifyOptions) {
    this.#options = options;
    const { env } = options;
    if (!env['NOTIFY_SOCKET']) return;
    this.#helper = spawn('/bin/sh', ['-c', HELPER], { stdio: ['pipe', 'ignore', 'ignore'], env });
    this.#helper.on('error', (error) => this.#failed(error));
    this.#helper.on('exit', (code) => this.#failed(new Error(`the helper that tells systemd ended with ${code}`)));
    // What can't be written any more is told by 'exit'.
    this.#helper.stdin?.on('error', () => {});
    this.#helper.unref();
  }

  /** The process that sends for us; undefined: nobody wants to be told. */
  get helperPid(): number | undefined {
    return this.#helper?.pid;
  }

  /** Everything is bound; from now on the watchdog is fed. */
  ready(status: string): void {
    this.#send('READY=1', `STATUS=${printable(status)}`);
    this.#feedWatchdog();
  }

  status(text: string): void {
    this.#send(`STATUS=${printable(text)}`);
  }

  /** To be followed by `ready`, whatever becomes of the reload. */
  reloading(): void {
    this.#send('RELOADING=1', `MONOTONIC_USEC=${this.#options.monotonicNs() / MONOTONIC_NS_IN_US}`);
  }

  stopping(status: string): void {
    this.#send('STOPPING=1', `STATUS=${printable(status)}`);
  }

  /** Another process is the service now: to feed the watchdog any longer would hide that it is stuck. */
  mainPid(pid: number): void {
    this.#watchdog?.cancel();
    this.#send(`MAINPID=${pid}`);
  }

  /** Lets what was said be sent, and ends the helper. */
  async close(): Promise<void> {
    const gone = this.#closed;
    this.#closed = true;
    this.#watchdog?.cancel();
    const helper = this.#helper;
    if (helper === undefined || gone) return;
    await new Promise<void>((resolve) => {
      helper.once('exit', () => resolve());
      helper.ref();
      helper.stdin?.end();
    });
  }

  #send(...assignments: readonly string[]): void {
    if (this.#helper !== undefined && !this.#closed) this.#helper.stdin?.write(`${assignments.join('\n')}\n\n`);
  }

  #feedWatchdog(): void {
    const { env, pid, clock, alive } = this.#options;
    const micros = Number(env['WATCHDOG_USEC']);
    const ours = env['WATCHDOG_PID'] === undefined || Number(env['WATCHDOG_PID']) === pid;
    if (this.#watchdog !== undefined || !ours || !(micros > 0)) return;
    // After an upgrade the interval still runs from what the process before fed: several in a row would exceed it.
    this.#send('WATCHDOG=1');
    this.#watchdog = clock.every(micros / 1000 / FEEDS, () => {
      if (alive()) this.#send('WATCHDOG=1');
    });
  }

  #failed(error: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#watchdog?.cancel();
    this.#options.onFailed(error);
  }
}
