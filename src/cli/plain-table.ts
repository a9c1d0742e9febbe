// Columns of text without lines around them, as `ps` and `ss` print them. Widths and words are the caller's.

import Table from 'cli-table3';

export interface Column {
  readonly head: string;
  readonly right?: boolean;
  /** In characters, the gap included; left out: as wide as its widest cell. Longer text is wrapped, or cut. */
  readonly width?: number;
  readonly wrap?: boolean;
}

/** A row of cells, or one line across all columns. */
export type Row = readonly string[] | string;

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
};

/** The table with its heads, no blanks at the ends of lines, a newline at the end. */
export function plainTable(columns: readonly Column[], rows: readonly Row[]): string {
  const table = new Table({
    head: columns.map(({ head }) => head),
    chars: NO_LINES,
    colWidths: columns.map(({ width }) => width ?? null),
    colAligns: columns.map(({ right }) => (right === true ? 'right' : 'left')),
    wordWrap: columns.some(({ wrap }) => wrap === true),
    style: { 'padding-left': 0, 'padding-right': 2, head: [], border: [] },
  });
  for (const row of rows) {
    table.push(typeof row === 'string' ? [{ content: row, colSpan: columns.length }] : [...row]);
  }
  return table
    .toString()
    .split('\n')
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}
