// The built program as an episode sees it: started on a file, its log read line by line, asked by its sockets, watched in
// /proc. What its lines mean stands in log-lines.ts.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { request } from 'node:http';
import { Socket } from 'node:net';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sample } from './account.ts';
import { HTTP_PORT, LB_ADDRESS } from './services.ts';

/** Of the folder that all commands of the project are run in. */
export const PROGRAM = resolve('dist', 'src', 'main.js');

/** On a machine that is busy with other things, too. */
const READY_WITHIN_MS = 90_000;

export interface LogLine {
  readonly readAt: number;
  readonly text: string;
}

export interface ProgramOptions {
  readonly file: string;
  readonly socket: string;
  /** Where the log goes: a file, or pipes by this name and a number. */
  readonly log: string;
  readonly logIs: 'file' | 'pipe';
  readonly env?: Readonly<Record<string, string>>;
  /** The limit of descriptors. */
  readonly descriptors?: number | undefined;
}

export class Program {
  readonly lines: LogLine[] = [];
  readonly errors: LogLine[] = [];
  readonly exits: { how: string; wanted: boolean }[] = [];
  readonly #options: ProgramOptions;
  #child: ChildProcess | undefined;
  /** Of the one that was started last, and of its successors. */
  #logPipe: { readonly path: string; readonly reader: Socket } | undefined;
  #pipes = 0;
  #closed: Promise<unknown> = Promise.resolve();
  /** Of the one that was started last: whether it is to end. */
  #life = { wanted: false };
  #restarted: Promise<void> = Promise.resolve();
  /** It has started, and holds its ports. */
  #serves = false;
  /** The process that serves now: another one after an upgrade. */
  pid = 0;

  constructor(options: ProgramOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { file, log, logIs, env = {}, descriptors } = this.#options;
    const command = [process.execPath, PROGRAM, 'run', '-c', file];
    const [program = '', ...args] =
      descriptors === undefined ? command : ['prlimit', `--nofile=${descriptors}:${descriptors}`, ...command];
    this.#logPipe = logIs === 'pipe' ? openPipe(`${log}-${this.#pipes++}`) : undefined;
    const stdout = openSync(this.#logPipe?.path ?? log, 'a');
    const child = spawn(program, args, { stdio: ['ignore', stdout, 'pipe'], env: { ...process.env, ...env } });
    closeSync(stdout);
    this.#child = child;
    const life = { wanted: false };
    this.#life = life;
    this.pid = child.pid ?? 0;
    this.#closed = Promise.all([this.#closed, once(child, 'close')]);
    for (const [stream, into] of [
      [this.#logPipe?.reader, this.lines],
      [child.stderr, this.errors],
    ] as const) {
      if (stream === undefined || stream === null) continue;
      const reading = createInterface({ input: stream }).on('line', (text) => {
        // What filled the pipe is no line of the program's.
        if (text !== '') into.push({ readAt: Date.now(), text });
      });
      this.#closed = Promise.all([this.#closed, once(reading, 'close')]);
    }
    child.once('exit', (code, signal) => {
      // After an upgrade the first one has nothing more to do.
      this.exits.push({ how: `${signal ?? code}`, wanted: life.wanted || (this.pid !== child.pid && code === 0) });
    });
    this.#serves = false;
    await this.ready();
    this.#serves = true;
  }

  async ready(): Promise<void> {
    for (const deadline = Date.now() + READY_WITHIN_MS; ; await sleep(50)) {
      if ((await this.get('/readyz').catch(() => undefined))?.status === 200) return;
      if (Date.now() > deadline) throw new Error(`the program is not ready: ${this.errors.map((l) => l.text)}`);
    }
  }

  get(path: string): Promise<Answer> {
    return ask({ host: LB_ADDRESS, port: HTTP_PORT, path });
  }

  /** What time it takes it to be: it dates its answers. */
  async wall(): Promise<number> {
    return Date.parse((await this.get('/readyz')).date);
  }

  /** Asks the operator's socket. */
  async order(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    // Between two of its lives nobody answers, and on a busy machine a start takes its time.
    await this.#restarted;
    for (const deadline = Date.now() + 10_000; ; await sleep(100)) {
      try {
        const answer = await ask({ socketPath: this.#options.socket, method, path }, JSON.stringify(body ?? {}));
        if (answer.body !== '') return { status: answer.status, body: JSON.parse(answer.body) };
        throw new Error(`${method} ${path}: ${answer.status}, and no answer`);
      } catch (error) {
        // Short of descriptors, or handing over.
        if (Date.now() > deadline) throw error;
      }
    }
  }

  async metrics(): Promise<Map<string, number>> {
    const { body } = await this.get('/metrics');
    const samples = body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(samples.map((line) => [line.replace(/ [^ ]+$/, ''), Number(line.replace(/^.* /, ''))]));
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** The pipe that the log goes to. */
  get logPipe(): string {
    return this.#logPipe?.path ?? '';
  }

  /** The log is not read until `read`. */
  blockLog(): () => void {
    const reader = this.#logPipe?.reader;
    reader?.pause();
    return () => reader?.resume();
  }

  /** Ends the one that serves, at once, and starts another. */
  crash(): Promise<void> {
    this.#life.wanted = true;
    this.signal('SIGKILL');
    this.#restarted = (async () => {
      while (alive(this.pid)) await sleep(10);
      await this.start();
    })();
    return this.#restarted;
  }

  /** Asks it to stop; resolves when every process of it is gone and its log was read to the end. */
  async stop(withinMs: number): Promise<boolean> {
    this.#life.wanted = true;
    this.signal('SIGTERM');
    const late = sleep(withinMs).then(() => 'late');
    if ((await Promise.race([this.#closed, late])) !== 'late') {
      if (this.pid !== this.#child?.pid) await this.#successorEnded();
      return true;
    }
    for (const pid of new Set([this.pid, this.#child?.pid ?? 0])) if (alive(pid)) process.kill(pid, 'SIGKILL');
    await this.#closed;
    return false;
  }

  /** It is no child of ours. But in the namespace of an episode nobody waits for an orphan, so its status stays in /proc. */
  async #successorEnded(): Promise<void> {
    while (alive(this.pid)) await sleep(10);
    const status = statusOf(this.pid);
    this.exits.push({ how: `the successor, with the status ${status}`, wanted: status === '0' });
  }

  /** What it holds; undefined while it starts, since it does not hold its ports yet. */
  sample(): Sample | undefined {
    if (!this.#serves) return undefined;
    try {
      const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1];
      const links = readdirSync(`/proc/${this.pid}/fd`).flatMap((fd) => linkOf(this.pid, fd));
      const sockets = links.filter((link) => link.startsWith('socket:')).length;
      const residentBytes = Number(resident) * 1024;
      return { at: Date.now(), pid: this.pid, residentBytes, sockets, others: links.length - sockets };
    } catch {
      // Between two of its lives.
      return undefined;
    }
  }
}

function linkOf(pid: number, fd: string): string[] {
  try {
    return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
  } catch {
    return [];
  }
}

/** One that ended and that nobody has waited for (a successor's parent is gone) is no process any more. */
export function alive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** A pipe with a name: what else is written to it finds room where the program would, or finds none. */
function openPipe(path: string): { readonly path: string; readonly reader: Socket } {
  execFileSync('mkfifo', [path]);
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { path, reader: new Socket({ fd, readable: true, writable: false }) };
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly date: string;
}

/** Of a process that ended and that nobody has waited for, as wait(2) has it: 0, or another number. */
function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').trimEnd().replace(/^.* /, '');
  } catch {
    return 'that nobody knows';
  }
}

function ask(options: object, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const asked = request({ ...options, headers, agent: false, timeout: 10_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: text, date: response.headers.date ?? '' }),
      );
      response.on('error', reject);
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer')));
    asked.on('error', reject);
    asked.end(body);
  });
}
