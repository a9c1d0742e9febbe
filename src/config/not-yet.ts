// Keys of the contract that do nothing in this version yet, and what is done in their place. An entry goes when its
// function comes; with the last one this file goes.

import type { Problem } from '../errors.ts';
import { isMap } from './merge.ts';
import { keysOf, type Source } from './source.ts';

interface NotYet {
  readonly pointer: string;
  /** The values that do nothing; left out: all. */
  readonly when?: (value: unknown) => boolean;
}

const NOT_YET: readonly NotYet[] = [
  { pointer: '/admin' },
  { pointer: '/haproxy' },
  { pointer: '/doctor' },
  { pointer: '/relay/kind', when: (kind) => kind === 'native' },
  { pointer: '/relay/threads', when: (threads) => threads !== 'auto' },
  { pointer: '/http/page', when: (page) => page === true },
  { pointer: '/log/format', when: (format) => format === 'haproxy' },
];

const NO_EFFECT = 'has no effect in this version yet';

/** Whether a part of the file does nothing yet, with this value; a part as a whole: with any. */
export function isNotYet(pointer: string, value?: unknown): boolean {
  return NOT_YET.some((entry) => entry.pointer === pointer && (entry.when?.(value) ?? true));
}

export function checkNotYet(source: Source): Problem[] {
  return NOT_YET.filter(({ pointer, when }) => source.has(pointer) && (when?.(valueAt(source, pointer)) ?? true)).map(
    ({ pointer }) => source.problem('warning', pointer, NO_EFFECT, 'key'),
  );
}

function valueAt(source: Source, pointer: string): unknown {
  let value = source.value;
  for (const key of keysOf(pointer)) value = isMap(value) ? value[key] : undefined;
  return value;
}
