// The forms in which HAProxy tells its statistics: CSV, a line for each value with its type, JSON. Text from outside (the
// reason of a failed check) can't break out of a field.

import { printable } from '../../core/printable.ts';
import { COLUMNS, type Kind } from './columns.ts';
import type { Row, Value } from './rows.ts';

/** 118 columns, and `-`, after which HAProxy puts those of its modules. */
export const CSV_HEADER = `# ${COLUMNS.map(([name]) => name).join(',')},-,\n`;

export function csvLine({ values }: Row): string {
  return `${COLUMNS.map(([name]) => csvField(values[name])).join(',')},-,\n`;
}

function csvField(value: Value | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = printable(value);
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** `S.2.1.4.scur.1:MGP:u32:0` and so on, a line for each value. */
export function typedLines(row: Row): string {
  return fieldsOf(row)
    .map(({ pos, name, tags, type, value }) => {
      const text = typeof value === 'number' ? String(value) : printable(value);
      return `${row.kind}.${row.iid}.${row.sid}.${pos}.${name}.1:${tags}:${type}:${text}\n`;
    })
    .join('');
}

const OBJECTS: Readonly<Record<Kind, string>> = { F: 'Frontend', S: 'Server', B: 'Backend' };

/** One object as HAProxy's JSON has it: a list of its values. */
export function jsonObject(row: Row): string {
  return JSON.stringify(
    fieldsOf(row).map(({ pos, name, tags, type, value }) => ({
      objType: OBJECTS[row.kind],
      proxyId: row.iid,
      id: row.sid,
      field: { pos, name },
      processNum: 1,
      tags: tagWords(tags),
      value: { type, value: typeof value === 'number' ? value : printable(value) },
    })),
  );
}

const ORIGINS: Readonly<Record<string, string>> = { M: 'Metric', S: 'Status', K: 'Key', C: 'Config', P: 'Product' };
const NATURES: Readonly<Record<string, string>> = {
  C: 'Counter',
  G: 'Gauge',
  L: 'Limit',
  M: 'Max',
  R: 'Rate',
  D: 'Duration',
  A: 'Age',
  N: 'Name',
  O: 'Output',
  a: 'Avg',
};
const SCOPES: Readonly<Record<string, string>> = { P: 'Process', S: 'Service' };

/** The three letters of the typed form as the words of JSON. */
export function tagWords([origin = '', nature = '', scope = '']: string) {
  return { origin: ORIGINS[origin] ?? '', nature: NATURES[nature] ?? '', scope: SCOPES[scope] ?? '' };
}

function fieldsOf({ kind, values }: Row) {
  return COLUMNS.flatMap(([name, kinds], pos) => {
    const value = values[name];
    const [tags = '', type = ''] = kinds[kind]?.split(':') ?? [];
    return value === undefined ? [] : [{ pos, name, tags, type, value }];
  });
}
