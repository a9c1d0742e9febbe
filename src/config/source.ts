// A parsed file that still knows where everything stood. Pointers are JSON pointers (`/services/https/listen`), as ajv
// gives them; people read paths (`services.https.listen`). Knows no schema and no YAML.

import { printable } from '../core/printable.ts';
import type { Problem } from '../errors.ts';

export interface Place {
  readonly line: number;
  readonly column: number;
}

/** One value of the file. */
export interface Spot {
  /** Of its key; undefined: an item of a list, or the whole file. */
  readonly key: Place | undefined;
  readonly value: Place;
  readonly kind: 'map' | 'list' | 'scalar';
  /** The keys of a map in the order of the file, which an object with keys like `80` would lose. */
  readonly keys: readonly string[];
}

const TOP: Place = { line: 1, column: 1 };

export class Source {
  readonly file: string;
  /** Maps are objects without a prototype: a key like `constructor` is a key and nothing more. */
  readonly value: unknown;
  readonly #spots: ReadonlyMap<string, Spot>;

  constructor(file: string, value: unknown, spots: ReadonlyMap<string, Spot>) {
    this.file = file;
    this.value = value;
    this.#spots = spots;
  }

  /** The same values, written by us for what stands on these lines of another file: that is where people look. */
  cameFrom(lineOf: (pointer: string) => number): Source {
    const spots = [...this.#spots].map(([pointer, spot]): [string, Spot] => {
      const there = { line: lineOf(pointer), column: 1 };
      return [pointer, { ...spot, key: spot.key && there, value: there }];
    });
    return new Source(this.file, this.value, new Map(spots));
  }

  has(pointer: string): boolean {
    return this.#spots.has(pointer);
  }

  keys(pointer: string): readonly string[] {
    return this.#spots.get(pointer)?.keys ?? [];
  }

  /** The items of a list with their pointers, also of one that has lost its bad items. */
  items<T>(pointer: string, kept: readonly T[] | undefined): [pointer: string, item: T][] {
    const written = this.#at(pointer);
    return (kept ?? []).map((item) => [child(pointer, Array.isArray(written) ? written.indexOf(item) : 0), item]);
  }

  /** Where it stands; what isn't there stands where it would have to be added. */
  place(pointer: string, at: 'key' | 'value' = 'value'): Place {
    if (pointer === '') return TOP;
    const spot = this.#spots.get(pointer);
    if (spot !== undefined) return at === 'key' ? (spot.key ?? spot.value) : spot.value;
    const above = parent(pointer);
    return this.place(above, this.#spots.get(above)?.kind === 'scalar' ? 'value' : 'key');
  }

  /** The line of a value, as `# line 12` names it. */
  line(pointer: string): number {
    return this.place(pointer, 'key').line;
  }

  path(pointer: string): string {
    let path = '';
    let at = '';
    for (const key of keysOf(pointer)) {
      const inList = this.#spots.get(at)?.kind === 'list';
      // A key of no letters is a key all the same.
      const name = key === '' ? '""' : printable(key, 64);
      path += inList ? `[${key}]` : `${path === '' ? '' : '.'}${name}`;
      at = child(at, key);
    }
    return path;
  }

  #at(pointer: string): unknown {
    let value: unknown = this.value;
    for (const key of keysOf(pointer)) {
      value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
    }
    return value;
  }

  problem(severity: Problem['severity'], pointer: string, message: string, at: 'key' | 'value' = 'value'): Problem {
    return { severity, file: this.file, ...this.place(pointer, at), path: this.path(pointer), message };
  }
}

/** The pointer one step further down. */
export function child(pointer: string, key: string | number): string {
  return `${pointer}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The keys that a pointer goes through. */
export function keysOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function parent(pointer: string): string {
  return pointer.slice(0, pointer.lastIndexOf('/'));
}
