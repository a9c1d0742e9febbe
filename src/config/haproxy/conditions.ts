// The condition of an `.if`: whether HAProxy would read the block. undefined where that can't be known here: what its
// binary was built with.

import type { Environment } from './words.ts';

export interface ConditionContext {
  readonly environment: Environment;
  /** As numbers, `[2, 6]`. */
  readonly version: readonly number[];
}

type Truth = boolean | undefined;

/** Longer conditions are not followed. */
const MOST_CHARACTERS = 4_096;
const DEEPEST = 32;

export function truthOf(text: string, context: ConditionContext): Truth {
  if (text.trim() === '') return false;
  if (text.length > MOST_CHARACTERS) return undefined;
  const reader = { text, at: 0, depth: 0 };
  const value = either(reader, context);
  blanks(reader);
  return reader.at === text.length ? value : undefined;
}

interface Reader {
  readonly text: string;
  at: number;
  depth: number;
}

function either(reader: Reader, context: ConditionContext): Truth {
  let value = both(reader, context);
  while (take(reader, '||')) {
    const other = both(reader, context);
    value = value === true || other === true ? true : value === undefined || other === undefined ? undefined : false;
  }
  return value;
}

function both(reader: Reader, context: ConditionContext): Truth {
  let value = one(reader, context);
  while (take(reader, '&&')) {
    const other = one(reader, context);
    value = value === false || other === false ? false : value === undefined || other === undefined ? undefined : true;
  }
  return value;
}

function one(reader: Reader, context: ConditionContext): Truth {
  if (reader.depth >= DEEPEST) return undefined;
  reader.depth++;
  try {
    if (take(reader, '!')) {
      const value = one(reader, context);
      return value === undefined ? undefined : !value;
    }
    if (take(reader, '(')) {
      const value = either(reader, context);
      return take(reader, ')') ? value : undefined;
    }
    return predicate(reader, context);
  } finally {
    reader.depth--;
  }
}

function predicate(reader: Reader, { environment, version }: ConditionContext): Truth {
  blanks(reader);
  const found = /^([A-Za-z_0-9]+)(?:\(([^()]*)\))?/.exec(reader.text.slice(reader.at));
  if (found === null) return undefined;
  reader.at += found[0].length;
  const [, name = '', list = ''] = found;
  const [first = '', second = ''] = list.split(',').map((argument) => argument.trim());
  if (/^[0-9]+$/.test(name)) return Number(name) !== 0;
  switch (name) {
    case 'defined':
      return environment(first) !== undefined;
    case 'streq':
      return first === second;
    case 'strneq':
      return first !== second;
    case 'version_atleast':
      return compareVersions(version, versionOf(first)) >= 0;
    case 'version_before':
      return compareVersions(version, versionOf(first)) < 0;
    default:
      return undefined;
  }
}

function take(reader: Reader, token: string): boolean {
  blanks(reader);
  if (!reader.text.startsWith(token, reader.at)) return false;
  reader.at += token.length;
  return true;
}

function blanks(reader: Reader): void {
  while (reader.text[reader.at] === ' ') reader.at++;
}

/** `2.6.12-1+deb12u4` as [2, 6, 12]. */
export function versionOf(text: string): readonly number[] {
  return (/^[0-9.]+/.exec(text)?.[0] ?? '').split('.').filter(Boolean).map(Number);
}

export function compareVersions(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
