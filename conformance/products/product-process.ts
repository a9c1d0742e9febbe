// A product's process: its lines kept while it runs, none of it left behind however the suite ends.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { until } from '../../test/fixtures/until.ts';

const running = new Set<ProductProcess>();
process.on('exit', () => {
  for (const one of running) one.signalAll('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

export class ProductProcess {
  readonly lines: string[] = [];
  /** `exit 0`, or a signal's name. */
  readonly exited: Promise<string>;
  ended = false;
  readonly #child: ChildProcess;

  constructor(command: readonly string[], folder: string) {
    const [program = '', ...args] = command;
    // A group of its own: workers are ended with their master.
    const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    this.#child = child;
    running.add(this);
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on('line', (line) => this.lines.push(line));
    }
    this.exited = once(child, 'close').then(([code, signal]) => {
      this.ended = true;
      running.delete(this);
      return code === null ? String(signal) : `exit ${code}`;
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  signalAll(signal: NodeJS.Signals): void {
    try {
      process.kill(-(this.#child.pid ?? 0), signal);
    } catch {
      // The whole group has ended.
    }
  }

  /** The first line from the `from`-th on that matches; throws with what it said if it ends before. */
  async line(pattern: RegExp, from = 0): Promise<string> {
    const find = () => this.lines.slice(from).find((line) => pattern.test(line));
    await until(() => this.ended || find() !== undefined, `${pattern} from ${this.#child.spawnfile}:\n${this.tail()}`);
    const line = find();
    if (line === undefined)
      throw new Error(`${this.#child.spawnfile} ended before it said ${pattern}:\n${this.tail()}`);
    return line;
  }

  tail(): string {
    return this.lines.slice(-60).join('\n');
  }

  async end(): Promise<void> {
    this.signalAll('SIGKILL');
    await this.exited;
  }
}
