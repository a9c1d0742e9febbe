// A frontend, backend or listen with what it inherits: the statements of its defaults, theirs before them, then its own.
// Later ones have the last word. And the few questions that everybody asks of one.

import type { Remarks } from './remarks.ts';
import type { Section, Statement } from './sections.ts';

export interface ProxySection {
  readonly kind: 'frontend' | 'backend' | 'listen';
  readonly name: string;
  readonly line: number;
  /** In the order of precedence; each section's as they stand. */
  readonly statements: readonly Statement[];
  /** Those that stand in it itself. */
  readonly own: readonly Statement[];
}

const KINDS = new Set(['frontend', 'backend', 'listen']);

/** With what is inherited: some hundred times the largest that stands before Smart Proxies. */
const MOST_LINES = 20_000;
const MOST_PROXIES = 1_000;

/** undefined: more of them than there is any use for. */
export function proxiesOf(sections: readonly Section[], remarks: Remarks): ProxySection[] | undefined {
  const proxies: ProxySection[] = [];
  const named = new Map<string, readonly Statement[]>();
  let latest: readonly Statement[] = [];
  let lines = 0;
  for (const section of sections) {
    const from = section.rest[0] === 'from' ? section.rest[1] : undefined;
    const base = from === undefined ? undefined : named.get(from);
    if (from !== undefined && base === undefined) remarks.lost(section.line, `there is no defaults section ${from}`);
    if (section.kind === 'defaults') {
      latest = [...(base ?? []), ...section.statements];
      if (section.name !== '') named.set(section.name, latest);
    } else if (KINDS.has(section.kind)) {
      const own = [...addressOnSectionLine(section), ...section.statements];
      const statements = [...(base ?? latest), ...own];
      lines += statements.length;
      if (lines > MOST_LINES || proxies.length >= MOST_PROXIES) return undefined;
      proxies.push({
        kind: section.kind as ProxySection['kind'],
        name: section.name,
        line: section.line,
        statements,
        own,
      });
    }
  }
  return proxies;
}

/** `listen stats :1936`, as HAProxy before 2.0 took it. */
function addressOnSectionLine({ line, rest }: Section): Statement[] {
  const [address] = rest;
  return address?.includes(':') ? [{ line, words: ['bind', address], prefix: undefined }] : [];
}

export function isFrontend(proxy: ProxySection): boolean {
  return proxy.kind !== 'backend';
}

export function isBackend(proxy: ProxySection): boolean {
  return proxy.kind !== 'frontend';
}

/** Every statement of a keyword. */
export function all(proxy: ProxySection, keyword: string): Statement[] {
  return proxy.statements.filter(({ words: [first] }) => first === keyword);
}

/** The one that counts; undefined where there is none, or a `no` before the last. */
export function last(proxy: ProxySection, ...words: readonly string[]): Statement | undefined {
  const found = proxy.statements.findLast((statement) => words.every((word, i) => statement.words[i] === word));
  return found?.prefix === undefined ? found : undefined;
}

/** Rules that a proxy has itself replace those it would inherit. */
export function rules(proxy: ProxySection, keyword: string): Statement[] {
  const own = proxy.own.filter(({ words: [first] }) => first === keyword);
  return own.length > 0 ? own : all(proxy, keyword);
}

/** `tcp`, HAProxy's default, or what it says. */
export function modeOf(proxy: ProxySection): { readonly mode: string; readonly line: number } {
  const statement = last(proxy, 'mode');
  return { mode: statement?.words[1] ?? 'tcp', line: statement?.line ?? proxy.line };
}

export function isDisabled(proxy: ProxySection): boolean {
  const found = proxy.statements.findLast(({ words: [first] }) => first === 'disabled' || first === 'enabled');
  return found?.words[0] === 'disabled';
}
