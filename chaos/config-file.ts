// The file of an episode's program, and those who edit it: each change in one step, as an operator's editor does it, and
// nobody else's change between one's own and what one does with it.

import { renameSync, writeFileSync } from 'node:fs';
import { FIRST_FILE, type FileState } from './services.ts';

export class ConfigFile {
  readonly path: string;
  readonly #text: (state: FileState, remark: number) => string;
  #state = FIRST_FILE;
  #remark = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(path: string, text: (state: FileState, remark: number) => string) {
    this.path = path;
    this.#text = text;
    this.change({});
  }

  get state(): FileState {
    return this.#state;
  }

  /** No two texts are the same. It is not read yet. */
  change(change: Partial<FileState>): void {
    this.#state = { ...this.#state, ...change };
    this.#write(this.#text(this.#state, ++this.#remark));
  }

  /** Until it is changed again. */
  spoil(): void {
    this.#write('services: { http: { listne: 1 } }\n');
  }

  /** Does this while nobody else does such a thing. */
  alone<T>(work: () => T | Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => {});
    return mine;
  }

  #write(text: string): void {
    const beside = `${this.path}.new`;
    writeFileSync(beside, text);
    renameSync(beside, this.path);
  }
}
