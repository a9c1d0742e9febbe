// Every keyword of a proxy: who reads it, or what is said of it where nobody does. A table; what nobody knows is lost.

import { didYouMean } from '../near.ts';
import type { ProxySection } from './proxy.ts';
import type { Remarks } from './remarks.ts';
import type { Statement } from './sections.ts';

/** Others of this room read these. */
const READ = new Set([
  ...['bind', 'server', 'default-server', 'balance', 'hash-type', 'mode', 'retries', 'redispatch', 'default_backend'],
  ...[
    'use_backend',
    'acl',
    'tcp-request',
    'stick',
    'source',
    'maxconn',
    'disabled',
    'enabled',
    'http-check',
    'tcp-check',
  ],
  ...['stats', 'hash-balance-factor'],
]);
const READ_OPTIONS = new Set([
  ...['httpchk', 'tcp-check', 'ssl-hello-chk', 'redispatch', 'mysql-check', 'pgsql-check', 'redis-check', 'smtpchk'],
  ...['ldap-check', 'spop-check', 'external-check', 'allbackups'],
]);
const READ_TIMEOUTS = new Set(['client', 'server', 'tunnel', 'connect', 'queue', 'check', 'client-fin', 'server-fin']);

const LOG =
  'chargehand writes a line for each session to its output, so to the journal; log: { format: haproxy } writes it as option tcplog does';
const HTTP = 'means something only in mode http';
const KEEPALIVE = 'keepalive is on, on both sides, every 60s';
const SPLICE = 'the relay moves the bytes by splice where it can';
const NEEDS_NONE = 'has no counterpart and needs none';

/** Notes, by keyword or `option NAME`. */
const NOTES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['log', 'log-format', 'log-format-sd', 'log-tag', 'error-log-format', 'log-steps'].map((word) => [word, LOG]),
  ),
  ...Object.fromEntries(
    [
      'tcplog',
      'httplog',
      'httpslog',
      'dontlognull',
      'dontlog-normal',
      'logasap',
      'log-separate-errors',
      'log-health-checks',
      'socket-stats',
      'contstats',
    ].map((word) => [`option ${word}`, LOG]),
  ),
  ...Object.fromEntries(
    [
      'forwardfor',
      'http-server-close',
      'httpclose',
      'http-keep-alive',
      'http-tunnel',
      'forceclose',
      'http-no-delay',
      'http-pretend-keepalive',
      'originalto',
      'http-use-htx',
      'http-buffer-request',
      'http-ignore-probes',
      'idle-close-on-response',
      'accept-invalid-http-request',
      'accept-invalid-http-response',
      'prefer-last-server',
      'checkcache',
    ].map((word) => [`option ${word}`, HTTP]),
  ),
  ...Object.fromEntries(
    [
      'cookie',
      'capture',
      'errorfile',
      'errorfiles',
      'errorloc',
      'errorloc302',
      'errorloc303',
      'http-error',
      'compression',
      'http-reuse',
      'unique-id-format',
      'unique-id-header',
      'appsession',
      'max-keep-alive-queue',
      'http-send-name-header',
      'monitor-uri',
      'retry-on',
      'http-response',
      'http-after-response',
    ].map((word) => [word, HTTP]),
  ),
  ...Object.fromEntries(['tcpka', 'clitcpka', 'srvtcpka'].map((word) => [`option ${word}`, KEEPALIVE])),
  ...Object.fromEntries(
    ['clitcpka-cnt', 'clitcpka-idle', 'clitcpka-intvl', 'srvtcpka-cnt', 'srvtcpka-idle', 'srvtcpka-intvl'].map(
      (word) => [word, KEEPALIVE],
    ),
  ),
  ...Object.fromEntries(['splice-auto', 'splice-request', 'splice-response'].map((word) => [`option ${word}`, SPLICE])),
  ...Object.fromEntries(
    ['nolinger', 'independent-streams', 'abortonclose', 'tcp-smart-accept', 'tcp-smart-connect'].map((word) => [
      `option ${word}`,
      NEEDS_NONE,
    ]),
  ),
  ...Object.fromEntries(
    [
      'description',
      'id',
      'guid',
      'backlog',
      'fullconn',
      'bind-process',
      'load-server-state-from-file',
      'server-state-file-name',
      'grace',
      'email-alert',
    ].map((word) => [word, NEEDS_NONE]),
  ),
  'stick-table': 'is only read where clients are kept on a server by it',
};

/** Lost, with the reason. */
const LOST: Readonly<Record<string, string>> = {
  'use-server': 'rules that choose a server have no counterpart',
  'server-template':
    'write its servers as nodes; a DNS name of a node may have several addresses, of which one is dialled',
  dispatch: 'write the address as a node',
  'force-persist': 'has no counterpart',
  'ignore-persist': 'has no counterpart',
  persist: 'only the address of a client can keep it on a node',
  'tcp-response': 'what nodes answer is passed through unseen',
  filter: 'bytes are passed through unseen',
  'http-request': 'TLS and HTTP pass through unseen',
  redirect: 'HTTP passes through unseen',
  monitor: 'HTTP passes through unseen; /healthz and /readyz of http: answer monitors',
  'external-check': 'programs of your own are not run as checks',
  'rate-limit': 'rate_per_client limits each client; there is no limit for all together',
  declare: 'HTTP passes through unseen',
  'option transparent': 'a session goes to the nodes that the file names, never where the client wanted to go',
  'option http_proxy': 'a session goes to the nodes that the file names',
  'option persist': 'a node that is down gets no session',
};

export function remarkKeywords(proxies: readonly ProxySection[], remarks: Remarks): void {
  const seen = new Set<Statement>();
  for (const proxy of proxies) {
    for (const statement of proxy.statements) {
      if (seen.has(statement)) continue;
      seen.add(statement);
      remarkOne(statement, remarks);
    }
  }
}

function remarkOne({ line, words, prefix }: Statement, remarks: Remarks): void {
  const [keyword = '', second = ''] = words;
  const pair = `${keyword} ${second}`;
  const isOption = keyword === 'option';
  if (READ.has(keyword) || (isOption && READ_OPTIONS.has(second))) return;
  if (keyword === 'timeout') {
    if (READ_TIMEOUTS.has(second)) return;
    if (/^(http-|tarpit)/.test(second)) remarks.grouped(HTTP, line, pair);
    else remarks.lost(line, `${pair} is not known`);
    return;
  }
  // What is turned off is not there.
  if (prefix === 'no') return;
  const key = isOption ? pair : keyword;
  if (NOTES[key] !== undefined) remarks.grouped(NOTES[key], line, key);
  else if (LOST[key] !== undefined) remarks.lost(line, `${key}: ${LOST[key]}`);
  else remarks.lost(line, `${key} is not carried over${guess(keyword)}`);
}

function guess(keyword: string): string {
  return didYouMean(keyword, READ);
}
