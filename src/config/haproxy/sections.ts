// The text of a haproxy.cfg as sections of statements: lines cut into words, `.if` blocks followed, `setenv` heeded.
// Knows the names of the sections, where addresses stand, and of no other keyword what it means.

import { truthOf } from './conditions.ts';
import type { Remarks } from './remarks.ts';
import { addressOf, type Environment, wordsOf } from './words.ts';

export interface Statement {
  readonly line: number;
  /** At least one; `no` and `default` before it are taken off. */
  readonly words: readonly string[];
  readonly prefix: 'no' | 'default' | undefined;
}

export interface Section {
  readonly kind: string;
  readonly name: string;
  readonly line: number;
  /** What stands behind the name. */
  readonly rest: readonly string[];
  readonly statements: readonly Statement[];
}

const SECTIONS = new Set([
  ...['global', 'defaults', 'frontend', 'backend', 'listen', 'peers', 'resolvers', 'userlist', 'mailers', 'cache'],
  ...['program', 'ring', 'http-errors', 'fcgi-app', 'crt-store', 'log-forward', 'log-profile', 'traces', 'acme'],
  'healthcheck',
]);
/** Which word of a line is an address. */
const ADDRESS_AT: Readonly<Record<string, number>> = { bind: 1, server: 2, source: 1 };
const NAMED = new Set(['frontend', 'backend', 'listen']);

export interface Reading {
  readonly environment: Environment;
  readonly version: readonly number[];
  readonly file: string;
}

export function readSections(text: string, reading: Reading, remarks: Remarks): Section[] {
  const sections: (Section & { readonly statements: Statement[] })[] = [];
  const own = new Map<string, string | undefined>();
  const blocks = new Blocks();
  let strayTold = false;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = index + 1;
    const current = sections.at(-1);
    const environment: Environment = (name) => {
      if (name === '.FILE') return reading.file;
      if (name === '.LINE') return String(line);
      if (name === '.SECTION') return current?.name || current?.kind || '';
      return own.has(name) ? own.get(name) : reading.environment(name);
    };
    const { words, unset, fault } = wordsOf(raw, environment);
    const [keyword, ...rest] = words;
    if (keyword === undefined) continue;
    if (keyword.startsWith('.') && blocks.directive(keyword, () => decide(rest, line), remarks, line)) continue;
    if (!blocks.taken) continue;
    if (fault !== undefined) remarks.lost(line, `${fault}; the line is read as far as it goes`);
    const tellUnset = (name: string) =>
      remarks.lost(line, `the environment variable ${name} is not set here: read as empty`);
    unset.forEach(tellUnset);
    if (SECTIONS.has(keyword)) {
      const [name = '', ...more] =
        NAMED.has(keyword) || (rest[0] !== undefined && rest[0] !== 'from') ? rest : ['', ...rest];
      sections.push({ kind: keyword, name, line, rest: more, statements: [] });
      continue;
    }
    if (current === undefined) {
      if (!strayTold) remarks.lost(line, `${keyword} stands before the first section, where HAProxy takes no keyword`);
      strayTold = true;
      continue;
    }
    if (current.kind === 'global') setVariable(words, own, environment);
    const prefix = keyword === 'no' || keyword === 'default' ? keyword : undefined;
    const meant = prefix === undefined ? withAddress(words, environment, tellUnset) : rest;
    if (meant.length > 0) current.statements.push({ line, words: meant, prefix });
    function decide(condition: readonly string[], at: number): boolean {
      const truth = truthOf(condition.join(' '), { environment, version: reading.version });
      if (truth === undefined) {
        remarks.lost(at, `whether "${condition.join(' ')}" holds depends on HAProxy's binary: read as if it did not`);
      }
      return truth ?? false;
    }
  }
  for (const line of blocks.open) remarks.lost(line, 'this .if is not closed by an .endif');
  return sections;
}

/** Its words with the address read once more. */
function withAddress(
  words: readonly string[],
  environment: Environment,
  tellUnset: (name: string) => void,
): readonly string[] {
  const at = ADDRESS_AT[words[0] ?? ''] ?? 0;
  const address = at === 0 ? undefined : words[at];
  if (address === undefined) return words;
  const { text, unset } = addressOf(address, environment);
  unset.forEach(tellUnset);
  return words.with(at, text);
}

function setVariable(
  [keyword, name, value = '']: readonly string[],
  own: Map<string, string | undefined>,
  environment: Environment,
): void {
  if (name === undefined) return;
  if (keyword === 'setenv' || (keyword === 'presetenv' && environment(name) === undefined)) own.set(name, value);
  if (keyword === 'unsetenv') own.set(name, undefined);
}

/** The `.if` blocks that are open. */
class Blocks {
  readonly #stack: { line: number; before: boolean; done: boolean; taken: boolean }[] = [];

  /** Whether the lines here count. */
  get taken(): boolean {
    return this.#stack.at(-1)?.taken ?? true;
  }

  /** The lines of those that no line has closed. */
  get open(): readonly number[] {
    return this.#stack.map(({ line }) => line);
  }

  /** Follows a directive; false: it is none. */
  directive(keyword: string, condition: () => boolean, remarks: Remarks, line: number): boolean {
    const top = this.#stack.at(-1);
    switch (keyword) {
      case '.if': {
        const before = this.taken;
        const taken = before && condition();
        this.#stack.push({ line, before, done: taken, taken });
        return true;
      }
      case '.elif':
      case '.else':
        if (top === undefined) return stray(keyword, remarks, line);
        top.taken = top.before && !top.done && (keyword === '.else' || condition());
        top.done ||= top.taken;
        return true;
      case '.endif':
        if (this.#stack.pop() === undefined) return stray(keyword, remarks, line);
        return true;
      case '.diag':
      case '.notice':
      case '.warning':
      case '.alert':
        if (this.taken) remarks.grouped('messages to whoever starts HAProxy have no use here', line, keyword);
        return true;
      default:
        return false;
    }
  }
}

function stray(keyword: string, remarks: Remarks, line: number): true {
  remarks.lost(line, `${keyword} without an .if before it`);
  return true;
}
