// A node as the episode sees it: a child process that is started, ordered about and killed, and whose account is kept.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NodeMessage, NodeSeen, NodeSetup, Order } from './node.ts';

const PROGRAM = fileURLToPath(new URL(`node${extname(import.meta.url)}`, import.meta.url));

/** What all lives of one node saw. */
export interface NodeAccount {
  readonly began: { readonly id: string; readonly remote: string; readonly at: number }[];
  readonly ended: NodeSeen[];
}

export class NodeProcess {
  readonly setup: NodeSetup;
  readonly account: NodeAccount = { began: [], ended: [] };
  #child: ChildProcess | undefined;
  #orders = 0;
  readonly #awaited = new Map<number, () => void>();

  constructor(setup: NodeSetup) {
    this.setup = setup;
  }

  async start(): Promise<void> {
    const child = fork(PROGRAM, [JSON.stringify(this.setup)]);
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      child.on('message', (message: NodeMessage) => {
        if ('ready' in message) resolve();
        else if ('done' in message) this.#done(message.done);
        else if ('began' in message) this.account.began.push({ ...message.began, at: Date.now() });
        else this.account.ended.push(message.seen);
      });
      child.once('exit', (code, signal) => {
        // Whoever waits for its word waits no more.
        for (const number of [...this.#awaited.keys()]) this.#done(number);
        reject(new Error(`${this.setup.name} ended with ${signal ?? code}`));
      });
    });
  }

  /** Resolves when it is carried out. */
  order(order: Order): Promise<void> {
    const number = ++this.#orders;
    return new Promise((resolve) => {
      this.#awaited.set(number, resolve);
      this.#child?.send({ order, number });
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  #done(number: number): void {
    this.#awaited.get(number)?.();
    this.#awaited.delete(number);
  }
}
