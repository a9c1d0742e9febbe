// A text that is shown again and again at the same place of a terminal. Owns what the terminal is told for it, and that no
// more is written than it has room for: what scrolls away can't be written over.

import { stripVTControlCharacters } from 'node:util';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** To the upper left, and from there over what stands; what is left below is cleared. */
const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/** Where the text is taller than the screen, its last line says how much is missing. The cursor is left below it. */
export function overwriting(text: string, size: Size): string {
  const lines = cut(text.replace(/\n$/, '').split('\n'), size);
  return `${HOME}${lines.map((line) => `${line}${CLEAR_LINE}\n`).join('')}${CLEAR_BELOW}`;
}

function cut(lines: readonly string[], { columns, rows }: Size): readonly string[] {
  // The cursor has a row of its own, below the last line.
  const room = Math.max(1, rows - 1);
  const height = (line: string): number => Math.max(1, Math.ceil(stripVTControlCharacters(line).length / columns));
  const total = lines.reduce((sum, line) => sum + height(line), 0);
  if (total <= room) return lines;
  let shown = 0;
  let used = 1;
  for (const line of lines) {
    if (used + height(line) > room) break;
    used += height(line);
    shown++;
  }
  const left = lines.length - shown;
  return [...lines.slice(0, shown), `… ${left} ${left === 1 ? 'line' : 'lines'} more`];
}
