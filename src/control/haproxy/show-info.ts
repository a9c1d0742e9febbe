// `show info` in HAProxy's three forms.

import { printable } from '../../core/printable.ts';
import { tagWords } from './formats.ts';
import type { InfoField } from './info.ts';

export function showInfo(given: readonly string[], fields: readonly InfoField[]): string {
  if (given.includes('typed')) {
    return fields.map(({ name, tags, value }, pos) => `${pos}.${name}.1:${tags}:${shown(value)}\n`).join('');
  }
  if (given.includes('json')) {
    const all = fields.map(({ name, tags, value }, pos) => {
      const [letters = '', type = ''] = tags.split(':');
      return { field: { pos, name }, processNum: 1, tags: tagWords(letters), value: { type, value } };
    });
    return `${JSON.stringify(all)}\n`;
  }
  return fields.map(({ name, value }) => `${name}: ${shown(value)}\n`).join('');
}

function shown(value: string | number): string {
  return typeof value === 'number' ? String(value) : printable(value);
}
