// What a JSON answer must say, and in words what it says instead. Pure.

import type { JsonExpectation } from '../config/config.ts';
import { lookUp, parseJsonPath } from '../core/json-path.ts';
import { printable } from '../core/printable.ts';

/** Undefined: it holds. Else what is wrong: `database_connection.connected is false`. */
export function checkJson(document: unknown, path: string, expected: JsonExpectation): string | undefined {
  const steps = parseJsonPath(path);
  if (steps === undefined) return `${printable(path)} is no path`;
  const value = lookUp(document, steps);
  const name = path === '$' ? 'the answer' : path;
  if (value === undefined) return `${name} is missing`;
  if ('equals' in expected) return equals(name, value, expected.equals);
  if ('contains' in expected) return contains(name, value, expected.contains);
  if ('min' in expected) return atLeast(name, value, expected.min);
  return isEmpty(value) ? `${name} is empty` : undefined;
}

function equals(name: string, value: unknown, wanted: string | number | boolean | null): string | undefined {
  if (value === wanted) return undefined;
  // "connected is false" says it all.
  const both = typeof value === 'boolean' && typeof wanted === 'boolean';
  return both ? `${name} is ${value}` : `${name} is ${show(value)}, not ${show(wanted)}`;
}

/** An array that has them all, an object with such keys, or a text with such parts. */
function contains(name: string, value: unknown, wanted: readonly (string | number | boolean)[]): string | undefined {
  const has = containerOf(value);
  if (has === undefined) return `${name} is ${show(value)}, not a list`;
  const missing = wanted.filter((one) => !has(one));
  return missing.length === 0 ? undefined : `${name} lacks ${missing.map(show).join(', ')}`;
}

function containerOf(value: unknown): ((wanted: string | number | boolean) => boolean) | undefined {
  if (Array.isArray(value)) return (wanted) => value.includes(wanted);
  if (typeof value === 'string') return (wanted) => value.includes(String(wanted));
  if (typeof value === 'object' && value !== null) return (wanted) => Object.hasOwn(value, String(wanted));
  return undefined;
}

function atLeast(name: string, value: unknown, min: number): string | undefined {
  if (typeof value === 'number') return value >= min ? undefined : `${name} is ${value}, below ${min}`;
  return `${name} is ${show(value)}, not a number`;
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function show(value: unknown): string {
  try {
    return printable(JSON.stringify(value) ?? String(value), 60);
  } catch {
    // Read it can be, however deep it goes; written it is by recursion.
    return 'nested too deep to be shown';
  }
}
