// A listener that only shows HAProxy's statistics: our read-only port takes its place.

import type { RawFile } from '../raw.ts';
import { bindsOf } from './bind.ts';
import { all, last, modeOf, type ProxySection } from './proxy.ts';
import type { Remarks } from './remarks.ts';

/** Whether a proxy is there for the statistics or for Prometheus. */
export function isStatsPage(proxy: ProxySection): boolean {
  const serves = proxy.own.some(({ words: [first] }) => first === 'server' || first === 'default_backend');
  return !serves && (proxy.own.some(({ words: [first] }) => first === 'stats') || exporter(proxy) !== undefined);
}

function exporter(proxy: ProxySection) {
  return all(proxy, 'http-request').find(({ words }) => words.includes('prometheus-exporter'));
}

export function statsPage(proxy: ProxySection, remarks: Remarks): RawFile {
  const { line } = proxy;
  const binds = bindsOf({ ...proxy, statements: proxy.statements.map(withoutTls) }, remarks);
  const locked =
    last(proxy, 'stats', 'auth') !== undefined || proxy.own.some(({ words }) => words[1] === 'http-request');
  const port = binds?.port;
  const name = `${proxy.kind} ${proxy.name}`;
  const metrics = exporter(proxy) === undefined ? {} : { haproxy: { metrics: true } };
  if (modeOf(proxy).mode !== 'http') remarks.note(line, `${name} is not in mode http`);
  if (port === undefined || locked) {
    const why = locked ? 'it asked for a password, which there is none here for' : 'its bind is not one port';
    remarks.note(
      line,
      `${name}: the page and the metrics are at http: { listen: "127.0.0.1:8404" }; ${why}, so its own address was not taken`,
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

/** The page is plain HTTP here. */
function withoutTls<T extends { readonly words: readonly string[] }>(statement: T): T {
  const at = statement.words[0] === 'bind' ? statement.words.indexOf('ssl') : -1;
  return at < 0 ? statement : { ...statement, words: statement.words.slice(0, at) };
}
