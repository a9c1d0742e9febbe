// A line of haproxy.cfg cut into words: quotes, escapes, comments, environment variables (only within double quotes,
// but for addresses).
// Knows no keyword.

export interface Line {
  readonly words: readonly string[];
  /** Variables that are not set: HAProxy reads them as empty. */
  readonly unset: readonly string[];
  /** Why HAProxy would not read this line. */
  readonly fault: string | undefined;
}

export type Environment = (name: string) => string | undefined;

const SIMPLE: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
const LITERAL = new Set([' ', '\t', '#', '\\', "'", '"']);
const VARIABLE = /^\$(?:(?<bare>[A-Za-z_]\w*)|\{(?<name>\.?[A-Za-z_]\w*)(?:-(?<standard>[^}[]*))?(?<list>\[\*\])?\})/;

export function wordsOf(text: string, environment: Environment): Line {
  const words: string[] = [];
  const unset: string[] = [];
  let word = '';
  let begun = false;
  let quote: '"' | "'" | undefined;
  let fault: string | undefined;
  const end = (): void => {
    if (begun) words.push(word);
    word = '';
    begun = false;
  };
  let i = 0;
  const put = (characters: string, length: number): void => {
    word += characters;
    begun = true;
    i += length;
  };
  while (i < text.length) {
    const character = text[i] ?? '';
    if (character === '\\' && quote !== "'") {
      const [characters, length] = escaped(text, i, quote);
      put(characters, length);
    } else if (quote !== undefined && character === quote) {
      quote = undefined;
      i++;
    } else if (quote === undefined && (character === '"' || character === "'")) {
      quote = character;
      begun = true;
      i++;
    } else if (quote === '"' && character === '$') {
      const found = VARIABLE.exec(text.slice(i, i + 1024));
      if (found === null) {
        fault ??= 'a "$" within double quotes begins a variable: write \\$ for the character itself';
        put('$', 1);
        continue;
      }
      const { bare, name = bare ?? '', standard, list } = found.groups ?? {};
      const value = environment(name) ?? standard;
      if (value === undefined) unset.push(name);
      const parts = list === undefined ? [value ?? ''] : (value ?? '').split(/[ \t]+/);
      for (const [n, part] of parts.entries()) {
        if (n > 0) end();
        put(part, 0);
      }
      i += found[0].length;
    } else if (quote === undefined && character === '#') {
      break;
    } else if (quote === undefined && (character === ' ' || character === '\t' || character === '\r')) {
      end();
      i++;
    } else {
      put(character, 1);
    }
  }
  end();
  if (quote !== undefined) fault ??= `a quote (${quote}) is opened and not closed`;
  return { words, unset, fault };
}

/** HAProxy reads variables in an address whatever quotes it stands in, and knows no standard values there. */
export function addressOf(word: string, environment: Environment): { readonly text: string; readonly unset: string[] } {
  const unset: string[] = [];
  const text = word.replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, (_all, braced?: string, bare?: string) => {
    const name = braced ?? bare ?? '';
    const value = environment(name);
    if (value === undefined) unset.push(name);
    return value ?? '';
  });
  return { text, unset };
}

/** The character that an escape stands for, and how long the escape is. A backslash before anything else is itself. */
function escaped(text: string, at: number, quote: '"' | undefined): readonly [string, number] {
  const next = text[at + 1] ?? '';
  if (LITERAL.has(next) || (next === '$' && quote === '"')) return [next, 2];
  const simple = SIMPLE[next];
  if (simple !== undefined) return [simple, 2];
  const hex = next === 'x' ? /^[0-9a-fA-F]{2}/.exec(text.slice(at + 2, at + 4))?.[0] : undefined;
  return hex === undefined ? ['\\', 1] : [String.fromCharCode(Number.parseInt(hex, 16)), 4];
}
