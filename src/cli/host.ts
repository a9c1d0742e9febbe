// What the commands may use of the process they run in, as plain values and functions: only main.ts knows `process`.

import type { EventEmitter } from 'node:events';

export const EXIT = { done: 0, failed: 1, usage: 2, notRunning: 3, invalidConfig: 78 } as const;

export interface Predecessor {
  readonly pid: number;
  /** Whether it still does: it ends when the last of its sessions has. */
  runs(): boolean;
  /** Says a word to it. */
  tell(word: string): void;
  /** Resolves when it said this word, or is gone. */
  heard(word: string): Promise<void>;
}

export interface Host {
  /** To stdout, as it is. */
  write(text: string): void;
  /** Whether nobody reads stdout any more. */
  abandoned(): boolean;
  /** To stderr, as it is. */
  tell(text: string): void;
  /** Whether stdout is a terminal, how wide and high (80 and 24 where it doesn't say), and whether colours are wanted. */
  readonly terminal: { readonly is: boolean; readonly columns: number; readonly rows: number; readonly color: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** CLOCK_MONOTONIC. */
  monotonicNs(): bigint;
  /** The program, Node and libuv. */
  readonly versions: { readonly chargehand: string; readonly node: string; readonly uv: string };
  /** How this process was started: the program and the arguments before ours, ours. */
  readonly argv: { readonly program: readonly string[]; readonly own: readonly string[] };
  /** Emits the signals by their names. */
  readonly signals: Pick<EventEmitter, 'on' | 'off'>;
  /** Listening descriptors that this process was started with: of systemd by `systemd:NAME`, of a predecessor by address. */
  readonly inherited: ReadonlyMap<string, number>;
  /** The process that hands over to this one; undefined: this is no upgrade. */
  readonly predecessor: Predecessor | undefined;
  /** Node's internal modules, for raw sockets; not in Node's types, and to be taken away one day: then it throws. */
  binding(name: string): unknown;
}
