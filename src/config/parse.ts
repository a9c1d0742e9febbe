// YAML text in, plain values with their places out. The only file that knows the yaml package. Knows nothing of what the
// values mean; refuses what no configuration needs: several documents, tags, keys that are not text, endless nesting.

import {
  type Alias,
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  Parser,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import { printable } from '../core/printable.ts';
import { ConfigError, type Problem } from '../errors.ts';
import { shown } from './shown.ts';
import { child, type Place, Source, type Spot } from './source.ts';

/** 1 MB: some hundred times the largest file one could want. */
export const MOST_BYTES = 1_048_576;
const LARGER = `is larger than ${MOST_BYTES} bytes`;
export const TOO_LARGE = `${LARGER}: this is no configuration of chargehand`;
/** The same of a file that isn't ours. */
export const TOO_LARGE_TO_READ = `${LARGER}: more than is read`;
/** The real file has 6 levels. Checked before composing: the composer recurses, and V8 can die of that, not only throw. */
const DEEPEST = 64;
/** A megabyte of punctuation would keep the loop of a running balancer busy for ten seconds. */
const MOST_TOKENS = 200_000;
const MOST_FROM_ALIASES = 10_000;
const TOO_DEEP = 'is nested far deeper than a configuration can be';
const MOST_SYNTAX_ERRORS = 10;
const EMPTY = 'the file is empty: it needs at least version, nodes and services';

export interface Parsed {
  readonly source: Source;
  /** What is wrong but leaves the rest readable. */
  readonly problems: readonly Problem[];
}

/** Throws ConfigError for what can't be read as one YAML document. */
export function parseYaml(text: string, file: string): Parsed {
  const lines = linesOf(text);
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const fail = (message: string, at: Place = { line: 0, column: 0 }): never => {
    throw new ConfigError([{ severity: 'error', file, ...at, path: '', message }]);
  };

  refuseBinary(text, fail);
  const document = compose(text, place, fail);
  const syntax = document.errors.slice(0, MOST_SYNTAX_ERRORS).map((error): Problem => {
    return { severity: 'error', file, ...place(error.pos[0]), path: '', message: syntaxMessage(error) };
  });
  if (syntax.length > 0) throw new ConfigError(syntax);
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === null)) fail(EMPTY);

  const reader = new Reader(document, file, place, fail);
  const value = reader.read(contents, '', undefined, 0);
  return { source: new Source(file, value, reader.spots), problems: reader.problems };
}

type Fail = (message: string, at?: Place) => never;

/** Counted before all else: the parser tells of the lines within a value only where that value is no error. */
function linesOf(text: string): LineCounter {
  const lines = new LineCounter();
  for (let start = 0; ; ) {
    lines.addNewLine(start);
    start = text.indexOf('\n', start) + 1;
    if (start === 0) return lines;
  }
}

function refuseBinary(text: string, fail: Fail): void {
  if (text.length > MOST_BYTES) fail(TOO_LARGE);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  const index = text.search(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/);
  if (index < 0) return;
  const before = text.slice(0, index).split('\n');
  const at = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  fail(`holds the control character ${printable(text.charAt(index))}: this is no text file`, at);
}

function compose(text: string, place: (offset: number) => Place, fail: Fail): Document.Parsed {
  const parser = new Parser();
  function* tokens() {
    let count = 0;
    let errors = 0;
    for (const lexeme of new Lexer().lex(text)) {
      if (parser.stack.length > DEEPEST) fail(TOO_DEEP, place(parser.offset));
      if (++count > MOST_TOKENS) fail('has far more parts than a configuration can have', place(parser.offset));
      for (const token of parser.next(lexeme)) {
        yield token;
        // Each error costs more than the one before it, and nobody reads the hundredth.
        if (token.type === 'error' && ++errors > MOST_SYNTAX_ERRORS) return;
      }
    }
    yield* parser.end();
  }
  // Only JSON's types and no merge keys, whatever a %YAML line asks for; duplicate keys are found by the reader below.
  const composer = new Composer({ schema: 'core', uniqueKeys: false, prettyErrors: false, logLevel: 'silent' });
  let first: Document.Parsed | undefined;
  for (const document of composer.compose(tokens(), true, text.length) as Generator<Document.Parsed>) {
    if (first !== undefined) {
      fail('a second document begins here ("---"): a configuration is one document', place(document.range[0]));
    }
    first = document;
  }
  return first ?? fail(EMPTY);
}

const QUOTES = ' (text with [ ] { } : # & * ! | > % @ in it needs quotes)';

function syntaxMessage(error: YAMLError): string {
  const said = printable(error.message.replace(/[\s:]+$/, ''));
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return 'not valid YAML: a tab is no indentation, use spaces';
    case 'UNEXPECTED_TOKEN':
    case 'BAD_SCALAR_START':
    case 'BLOCK_AS_IMPLICIT_KEY':
      return `not valid YAML: ${said}${QUOTES}`;
    case 'MISSING_CHAR':
      return `not valid YAML: ${said}${said.startsWith('Missing ,') ? QUOTES : ''}`;
    default:
      return `not valid YAML: ${said}`;
  }
}

/** Turns nodes into values and notes where each stood. */
class Reader {
  readonly spots = new Map<string, Spot>();
  readonly problems: Problem[] = [];
  readonly #file: string;
  readonly #place: (offset: number) => Place;
  readonly #fail: Fail;
  readonly #anchors = new Map<string, unknown>();
  readonly #open = new Set<unknown>();
  /** The alias that is unfolded now, not those within it. */
  #alias: Place | undefined;
  #fromAliases = 0;

  constructor(document: Document.Parsed, file: string, place: (offset: number) => Place, fail: Fail) {
    this.#file = file;
    this.#place = place;
    this.#fail = fail;
    // Unknown tags and directives are only warnings to the parser; what we don't know we refuse.
    for (const warning of document.warnings) {
      this.#report(place(warning.pos[0]), '', `not understood: ${printable(warning.message)}`);
    }
  }

  read(node: unknown, pointer: string, key: Place | undefined, depth: number): unknown {
    const value = this.#placeOf(node) ?? key ?? { line: 1, column: 1 };
    if (depth > DEEPEST) this.#fail(TOO_DEEP, value);
    if (this.#alias !== undefined && ++this.#fromAliases > MOST_FROM_ALIASES) {
      this.#fail(`its aliases unfold to more than ${MOST_FROM_ALIASES} values`, this.#alias);
    }
    if (isAlias(node)) return this.#readAlias(node, pointer, key, depth, value);
    if (typeof node === 'object' && node !== null && 'anchor' in node && typeof node.anchor === 'string') {
      this.#anchors.set(node.anchor, node);
    }
    this.#open.add(node);
    try {
      if (isMap(node)) return this.#readMap(node, pointer, key, depth, value);
      this.spots.set(pointer, { key, value, kind: isSeq(node) ? 'list' : 'scalar', keys: [] });
      if (isSeq(node)) return node.items.map((item, i) => this.read(item, child(pointer, i), undefined, depth + 1));
      if (!isScalar(node)) return null;
      // What only a tag can make, a date or bytes, is the text it was written as.
      return typeof node.value === 'object' && node.value !== null ? String(node.source) : node.value;
    } finally {
      this.#open.delete(node);
    }
  }

  #readMap(node: YAMLMap, pointer: string, key: Place | undefined, depth: number, value: Place): unknown {
    const map: Record<string, unknown> = Object.create(null);
    const keys: string[] = [];
    this.spots.set(pointer, { key, value, kind: 'map', keys });
    for (const pair of node.items) {
      const at = this.#placeOf(pair.key) ?? value;
      const name = isScalar(pair.key) ? pair.key.value : undefined;
      if (typeof name !== 'string') {
        const way = typeof name === 'number' || typeof name === 'boolean' ? `: write "${name}"` : '';
        this.#report(at, pointer, `a key must be text${way === '' ? `, not ${shown(name)}` : way}`);
        continue;
      }
      const inner = child(pointer, name);
      if (Object.hasOwn(map, name)) {
        const first = this.spots.get(inner)?.key?.line ?? 0;
        this.#report(at, inner, `stands here a second time (first on line ${first}): keep one of them`);
        continue;
      }
      keys.push(name);
      map[name] = this.read(pair.value, inner, at, depth + 1);
    }
    return map;
  }

  #readAlias(node: Alias, pointer: string, key: Place | undefined, depth: number, at: Place): unknown {
    const target = this.#anchors.get(node.source);
    const name = printable(node.source, 64);
    if (target === undefined) this.#fail(`no anchor &${name} stands before the alias *${name}`, at);
    if (this.#open.has(target)) this.#fail(`the alias *${name} stands within what it stands for`, at);
    const within = this.#alias;
    this.#alias ??= at;
    const value = this.read(target, pointer, key, depth + 1);
    this.#alias = within;
    return value;
  }

  #placeOf(node: unknown): Place | undefined {
    const empty = isScalar(node) && node.value === null && node.source === '';
    if (empty || typeof node !== 'object' || node === null || !('range' in node)) return undefined;
    return Array.isArray(node.range) ? this.#place(Number(node.range[0])) : undefined;
  }

  #report(at: Place, pointer: string, message: string): void {
    const path = new Source(this.#file, undefined, this.spots).path(pointer);
    this.problems.push({ severity: 'error', file: this.#file, ...at, path, message });
  }
}
