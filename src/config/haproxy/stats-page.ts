// A listener that only shows HAProxy's statistics: our read-only port takes its place.

import type { RawFile } from '../raw.ts';
import { bindsOf } from './bind.ts';
import { all, last, modeOf, type ProxySection } from './proxy.ts';
import type { Remarks } from './remarks.ts';
import type { Statement } from './sections.ts';

/** Whether a proxy is there for the statistics or for Prometheus. */
export function isStatsPage(proxy: ProxySection): boolean {
  const serves = proxy.own.some(({ words: [first] }) => first === 'server' || first === 'default_backend');
  return !serves && (proxy.own.some(({ words: [first] }) => first === 'stats') || exporter(proxy) !== undefined);
}

function exporter(proxy: ProxySection) {
  return all(proxy, 'http-request').find(({ words }) => words.includes('prometheus-exporter'));
}

/** `placed`: another page has the address already, and there is one for all. */
export function statsPage(proxy: ProxySection, placed: boolean, remarks: Remarks): RawFile {
  const { line } = proxy;
  const binds = bindsOf({ ...proxy, statements: proxy.statements.map(withoutTls) }, remarks);
  const port = binds?.port;
  const name = `${proxy.kind} ${proxy.name}`;
  const metrics = exporter(proxy) === undefined ? {} : { haproxy: { metrics: true } };
  if (modeOf(proxy).mode !== 'http') remarks.note(line, `${name} is not in mode http`);
  const why = whyElsewhere(proxy, placed);
  if (port === undefined || why !== undefined) {
    remarks.note(
      line,
      `${name}: the page and the metrics are at the one address of http: (127.0.0.1:8404 where it says none); ${why ?? 'its bind is not one port'}, so its own address was not taken`,
    );
    return metrics;
  }
  const [entry] = typeof binds?.listen === 'object' ? binds.listen : [binds?.listen];
  remarks.note(
    line,
    `${name}: http: has the page, /metrics and HAProxy's own /stats;csv on the same port; say in allow: who may ask`,
  );
  return { ...metrics, http: { listen: entry ?? port } };
}

/** What keeps its page from being shown on the port that it has; undefined: nothing. */
function whyElsewhere(proxy: ProxySection, placed: boolean): string | undefined {
  const password =
    last(proxy, 'stats', 'auth') !== undefined || proxy.own.some(({ words }) => words[1] === 'http-request');
  if (password) return 'it asked for a password, which there is none here for';
  if (proxy.statements.some(turnsAway)) return 'it was not for everybody: allow: says who may ask';
  return placed ? 'another page came first' : undefined;
}

/** Whether a rule turns some clients away. */
function turnsAway({ words: [keyword, ...rest] }: Statement): boolean {
  if (keyword === 'tcp-request') return rest[1] === 'reject' || rest[1] === 'silent-drop';
  return keyword === 'http-request' && ['auth', 'deny', 'reject', 'silent-drop', 'tarpit'].includes(rest[0] ?? '');
}

/** The page is plain HTTP here. */
function withoutTls<T extends { readonly words: readonly string[] }>(statement: T): T {
  const at = statement.words[0] === 'bind' ? statement.words.indexOf('ssl') : -1;
  return at < 0 ? statement : { ...statement, words: statement.words.slice(0, at) };
}
