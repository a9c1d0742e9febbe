// YAML written by hand, for `show`: block maps with a comment behind each value. Only what a configuration is made of;
// reading is parse.ts's.

import { isAddress } from '../core/address.ts';
import { DURATION_PATTERN } from './duration.ts';
import { isMap } from './merge.ts';

/** Where the comments begin, unless a value is longer. */
const COMMENT_COLUMN = 40;
const PLAIN = /^[A-Za-z/][A-Za-z0-9/._-]*$/;
const NOT_TEXT = /^(true|false|null)$/i;
/** Text that begins like a number and is none. */
const NUMBER_LIKE = new RegExp(`${DURATION_PATTERN}|^[0-9]+/[smh]$`);

export function commented(text: string, comment: string): string {
  return comment === '' ? text : `${text.padEnd(COMMENT_COLUMN - 2)}  # ${comment}`;
}

/** A value on one line. */
export function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (isMap(value)) {
    const entries = Object.entries(value).map(([key, inner]) => `${inline(key)}: ${inline(inner)}`);
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
  }
  return typeof value === 'string' ? scalar(value) : String(value);
}

function scalar(text: string): string {
  const plain = PLAIN.test(text) ? !NOT_TEXT.test(text) : NUMBER_LIKE.test(text) || isIpv4(text);
  // JSON's escapes are YAML's, but JSON leaves some characters bare that a file may not hold.
  return plain ? text : JSON.stringify(text).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, escaped);
}

function isIpv4(text: string): boolean {
  return isAddress(text) && !text.includes(':');
}

function escaped(character: string): string {
  return [...Array(character.length).keys()]
    .map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`)
    .join('');
}
