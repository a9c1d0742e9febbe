// Generated parts of hand-written files: the text between `<!-- NAME:start -->` and `<!-- NAME:end -->`.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** The text with its generated part replaced; undefined: it does not have the two markers. */
export function replaceBetween(text: string, name: string, body: string): string | undefined {
  const start = `<!-- ${name}:start -->`;
  const from = text.indexOf(start);
  const to = text.indexOf(`<!-- ${name}:end -->`, from + start.length);
  if (from < 0 || to < 0) return undefined;
  return `${text.slice(0, from + start.length)}\n${body.trim()}\n${text.slice(to)}`;
}

/** The same for a file; says in words what was done. */
export function writeBetween(file: string, name: string, body: string): string {
  if (!existsSync(file)) return `${file}: not written, there is no such file`;
  const text = replaceBetween(readFileSync(file, 'utf8'), name, body);
  if (text === undefined) return `${file}: not written, it lacks <!-- ${name}:start --> and <!-- ${name}:end -->`;
  writeFileSync(file, text);
  return `${file}: written`;
}
