// Processes that the bench starts: pinned to a core where that can be done, their complaints kept, and none of them left
// behind when the bench ends, however it ends.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { found } from './found.ts';

/**
 * Proxies run alone on the first core, load and backend share the second: so a proxy's share is always the same. `any`: a
 * proxy that is to show what it makes of several cores.
 */
export type Core = 'proxy' | 'load' | 'any';

const CORES: Readonly<Record<Core, readonly string[]>> = {
  proxy: ['taskset', '-c', '0'],
  load: ['taskset', '-c', '1'],
  any: [],
};

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

export const pinned: boolean = availableParallelism() >= 2 && found('taskset');

export interface Child {
  readonly process: ChildProcess;
  readonly pid: number;
  /** What it wrote to stderr so far. */
  complaints(): string;
  /** Asks it to stop, after a while with SIGKILL; returns when it has ended. */
  stop(): Promise<void>;
}

export function start(command: readonly string[], core: Core, cwd?: string): Child {
  const [program = '', ...args] = [...(pinned ? CORES[core] : []), ...command];
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], cwd });
  running.add(child);
  const exited = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  }).then(() => running.delete(child));
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-4096);
  });
  child.on('error', (error) => {
    complaints += error.message;
  });
  child.stdin.on('error', () => {}); // It may have ended before its stdin does.
  return {
    process: child,
    pid: child.pid ?? 0,
    complaints: () => complaints.trim(),
    async stop() {
      if (!running.has(child)) return;
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 3000);
      await exited;
      clearTimeout(late);
    },
  };
}

/** Runs a command to its end and gives its first line of output; empty: it could not be run. */
export async function firstLine(command: readonly string[]): Promise<string> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
  }
  await once(child, 'close').catch(() => undefined);
  return text.trim().split('\n')[0] ?? '';
}
