// A value of the file as a message shows it: text in quotes and short, lists and maps by their kind.

import { printable } from '../core/printable.ts';

const LONGEST_TEXT = 60;

export function shown(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (typeof value === 'string') return value === '' ? 'an empty text' : `"${printable(value, LONGEST_TEXT)}"`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value !== 'object') return String(value);
  return Object.keys(value).length === 0 ? 'an empty map' : 'a map';
}
