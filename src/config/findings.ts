// What the semantic checks write into: problems with their places, and the question whether a key was found bad before,
// so that one mistake is told once.

import type { Problem } from '../errors.ts';
import type { Draft } from './expand.ts';
import type { Source } from './source.ts';

export class Findings {
  readonly source: Source;
  readonly problems: Problem[] = [];
  readonly #bad: ReadonlySet<string>;
  /** Everything above and below what is bad. */
  readonly #touched: ReadonlySet<string>;
  readonly #told = new Set<string>();

  constructor(source: Source, bad: ReadonlySet<string>) {
    this.source = source;
    this.#bad = bad;
    this.#touched = new Set([...bad].flatMap((pointer) => [...upward(pointer)]));
  }

  error(pointer: string, message: string, at: 'key' | 'value' = 'value'): void {
    this.#tell('error', pointer, message, at);
  }

  warning(pointer: string, message: string, at: 'key' | 'value' = 'value'): void {
    this.#tell('warning', pointer, message, at);
  }

  /** Whether nothing was wrong at, in or around this. */
  isSound(pointer: string): boolean {
    return !this.#touched.has(pointer) && ![...upward(pointer)].some((above) => this.#bad.has(above));
  }

  /** The same for keys of a service (`hash/bound`), wherever their values come from. */
  areSound(draft: Draft, ...keys: readonly string[]): boolean {
    return [draft.pointer, '/defaults'].every((base) => keys.every((key) => this.isSound(`${base}/${key}`)));
  }

  /** Where a value of a service stands in the file; else where it would have to stand. */
  pointerOf(draft: Draft, path: string): string {
    const base = draft.origins.get(path)?.pointer;
    return base === undefined ? draft.pointer + path : base + path;
  }

  #tell(severity: Problem['severity'], pointer: string, message: string, at: 'key' | 'value'): void {
    // A fault in `defaults` is one fault, not one a service.
    const key = `${pointer}\n${message}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.problems.push(this.source.problem(severity, pointer, message, at));
  }
}

function* upward(pointer: string): Generator<string> {
  for (let at = pointer; ; at = at.slice(0, at.lastIndexOf('/'))) {
    yield at;
    if (at === '') return;
  }
}
