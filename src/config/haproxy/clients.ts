// Whom `acl NAME src …` and the condition of a rule mean, as networks. Anything but the client's address is unknown.

import { cidrFault } from '../cidr.ts';
import { all, type ProxySection } from './proxy.ts';
import type { Remarks } from './remarks.ts';

export type Lists = ReadonlyMap<string, readonly string[] | undefined>;

/** Lines of the same name add up; undefined: something else than source addresses is asked. */
export function sourceLists(front: ProxySection, remarks: Remarks): Lists {
  const lists = new Map<string, string[] | undefined>();
  for (const { line, words } of all(front, 'acl')) {
    const [, name = '', ...rest] = words;
    const networks = networksOf(rest);
    if (networks === undefined && rest[0] === 'src') {
      remarks.lost(line, `acl ${name}: only addresses and networks written here are read, no files and no names`);
    }
    const before: string[] | undefined = lists.has(name) ? lists.get(name) : [];
    if (networks === undefined || before === undefined) {
      lists.set(name, undefined);
      continue;
    }
    for (const network of networks) before.push(network);
    lists.set(name, before);
  }
  return lists;
}

function networksOf([fetch, ...patterns]: readonly string[]): string[] | undefined {
  if (fetch !== 'src' || patterns.length === 0) return undefined;
  const networks = patterns.map(plainNetwork);
  return networks.every((network) => network !== undefined) ? networks : undefined;
}

/** `10.0.0.0/255.0.0.0` is a way to write it, too. */
function plainNetwork(text: string): string | undefined {
  const [address = '', mask] = text.split('/');
  const bits = mask?.includes('.') ? bitsOf(mask) : mask;
  if (mask !== undefined && bits === undefined) return undefined;
  const network = bits === undefined ? address : `${address}/${bits}`;
  return cidrFault(network) === undefined ? network : undefined;
}

function bitsOf(mask: string): string | undefined {
  const binary = mask
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('');
  return /^1*0*$/.test(binary) && binary.length === 32
    ? String(binary.indexOf('0') < 0 ? 32 : binary.indexOf('0'))
    : undefined;
}

/** undefined: everybody; unknown: more is asked than the address. */
export type Clients = { readonly networks: readonly string[]; readonly inverted: boolean } | 'unknown' | undefined;

/** Whom a condition means: `if A`, `if A || B`, `unless A`, `if !A`, `if { src … }`. */
export function clientsOf(words: readonly string[], lists: Lists): Clients {
  const [how, ...terms] = words;
  if (how === undefined) return undefined;
  if (how !== 'if' && how !== 'unless') return 'unknown';
  if (terms.length === 1 && (terms[0] === 'TRUE' || terms[0] === 'FALSE')) {
    return (terms[0] === 'TRUE') === (how === 'if') ? undefined : { networks: [], inverted: false };
  }
  const networks: string[] = [];
  let negated = 0;
  let alternatives = 0;
  for (let i = 0; i < terms.length; i++) {
    let term = terms[i] ?? '';
    if (alternatives > 0) {
      // Without "or" between them, all must hold.
      if (term !== '||' && term !== 'or') return 'unknown';
      term = terms[++i] ?? '';
    }
    if (term === '!') {
      negated++;
      term = terms[++i] ?? '';
    } else if (term.startsWith('!')) {
      negated++;
      term = term.slice(1);
    }
    let found = lists.get(term);
    if (term === '{') {
      const end = terms.indexOf('}', i);
      if (end < 0) return 'unknown';
      found = networksOf(terms.slice(i + 1, end));
      i = end;
    }
    if (found === undefined) return 'unknown';
    networks.push(...found);
    alternatives++;
  }
  if (alternatives === 0 || (negated > 0 && alternatives > 1)) return 'unknown';
  return { networks, inverted: (how === 'unless') !== negated > 0 };
}
