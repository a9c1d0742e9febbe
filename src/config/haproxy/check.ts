// How a backend is checked: HAProxy's `check` lines as our `health`. A plain TCP connection says so itself (undefined), so
// that a profile's better question can take its place.

import { BUILT_IN_HEALTH } from '../built-in.ts';
import { durationMs } from '../duration.ts';
import type { RawHealthDetails, RawService } from '../raw.ts';
import { alike } from './alike.ts';
import { httpCheck, OTHER_PLACE } from './http-check.ts';
import { last, type ProxySection, rules } from './proxy.ts';
import type { Remarks } from './remarks.ts';
import type { Server } from './server.ts';
import { durationText, haproxyTime } from './times.ts';

export interface Check {
  /** What is asked; undefined: whether a TCP connection stands, or nothing. */
  readonly question: RawHealthDetails | undefined;
  /** How often and how many results count. */
  readonly schedule: RawHealthDetails;
  readonly line: number;
}

/** HAProxy's `inter`. */
const USUAL_MS = 2_000;
const OTHERS = ['mysql-check', 'pgsql-check', 'redis-check', 'smtpchk', 'ldap-check', 'spop-check', 'external-check'];

export function checkOf(back: ProxySection, servers: readonly Server[], remarks: Remarks): Check {
  const checked = servers.filter(({ settings }) => settings.has('check'));
  const [first] = checked;
  const line = first?.line ?? back.line;
  if (first === undefined) {
    remarks.better(line, `${back.name} checks no server, so HAProxy sends clients to dead ones: chargehand checks`);
    return { question: undefined, schedule: {}, line };
  }
  const unchecked = servers.find(({ settings }) => !settings.has('check'));
  if (unchecked !== undefined)
    remarks.better(unchecked.line, `${unchecked.name} is not checked: chargehand checks all`);
  return { question: questionOf(back, servers, remarks), schedule: scheduleOf(back, checked, remarks), line };
}

function questionOf(back: ProxySection, servers: readonly Server[], remarks: Remarks): RawHealthDetails | undefined {
  for (const { line, host, settings } of servers) {
    const addr = settings.get('addr');
    if (addr !== undefined && addr !== host)
      remarks.lost(line, `addr ${addr}: a check asks the node itself, not another address`);
  }
  const port = portOf(alike(servers, 'port', 'each node is asked on the port that its sessions go to', remarks));
  const tls = alike(servers, 'check-ssl', 'no check asks by TLS because of it', remarks) !== undefined;
  const named = alike(servers, 'check-sni', 'checks by TLS name what clients dial', remarks);
  const servername =
    named !== undefined && /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(named) ? named : undefined;
  const shared = {
    ...(port === undefined ? {} : { port }),
    ...(tls && servername !== undefined ? { servername } : {}),
  };
  const http = last(back, 'option', 'httpchk');
  // Of the options that choose the kind of check the last one holds.
  const kind = back.statements.findLast(
    ({ words: [first, name = ''], prefix }) =>
      first === 'option' && prefix === undefined && ['httpchk', 'tcp-check', 'ssl-hello-chk', ...OTHERS].includes(name),
  );
  const what = kind?.words[1];
  if (what === 'httpchk' && http !== undefined) {
    // A port that a rule names comes before that of the server.
    return { ...shared, ...httpCheck(http, rules(back, 'http-check'), tls, remarks) };
  }
  if (what !== undefined && OTHERS.includes(what)) {
    remarks.lost(
      kind?.line ?? back.line,
      `option ${what} has no counterpart: chargehand asks whether a connection stands`,
    );
  }
  if (what === 'ssl-hello-chk') return { type: 'tls', ...shared };
  if (what === 'tcp-check') return tcpCheck(back, tls, shared, remarks);
  if (tls) return { type: 'tls', ...shared };
  return port === undefined ? undefined : { type: 'tcp', port };
}

/** Rules of `tcp-check`: connections can be had, dialogues can't. */
function tcpCheck(
  back: ProxySection,
  checkSsl: boolean,
  shared: RawHealthDetails,
  remarks: Remarks,
): RawHealthDetails | undefined {
  let tls = checkSsl;
  let { port } = shared;
  let connects = 0;
  for (const { line, words } of rules(back, 'tcp-check')) {
    const [, rule = '', ...rest] = words;
    if (rule === 'connect') {
      tls ||= rest.includes('ssl');
      port = portOf(rest[rest.indexOf('port') + 1]) ?? port;
      if (rest.includes('addr')) remarks.lost(line, OTHER_PLACE);
      if (++connects > 1) remarks.lost(line, 'a check makes one connection: the first port of several is asked');
    } else if (rule !== 'comment') {
      remarks.lost(
        line,
        `tcp-check ${rule}: a check that talks has no counterpart but http, https and the ready probes`,
      );
    }
  }
  if (tls) return { ...shared, type: 'tls', ...(port === undefined ? {} : { port }) };
  return port === undefined ? undefined : { type: 'tcp', port };
}

function scheduleOf(back: ProxySection, servers: readonly Server[], remarks: Remarks): RawHealthDetails {
  const value = (name: string): string | undefined => {
    const given = servers.map(({ settings }) => settings.get(name));
    const odd = servers.find((_, i) => given[i] !== given[0]);
    if (odd !== undefined)
      remarks.note(odd.line, `${name} differs from server to server: the first was written for all`);
    return given[0];
  };
  const time = (name: string): number | undefined => {
    const ms = haproxyTime(value(name));
    return ms === undefined ? undefined : Math.min(3_600_000, Math.max(100, ms));
  };
  const count = (name: string): number | undefined => {
    const given = Number(value(name));
    return Number.isInteger(given) && given > 0 ? Math.min(100, given) : undefined;
  };
  const [interval, fastinter, rise, fall] = [time('inter'), time('fastinter'), count('rise'), count('fall')];
  // Without `fastinter` HAProxy keeps to `inter`; here no two probes are closer than `fast_interval`.
  const quick = interval !== undefined && interval < durationMs(BUILT_IN_HEALTH.fast_interval);
  const fast = fastinter ?? (quick ? interval : undefined);
  const timeout = haproxyTime(last(back, 'timeout', 'check')?.words[2]);
  const patient =
    timeout !== undefined && timeout > durationMs(BUILT_IN_HEALTH.timeout) && last(back, 'option', 'httpchk');
  // Who wrote HAProxy's default has chosen nothing.
  return {
    ...(interval === undefined || interval === USUAL_MS || interval === durationMs(BUILT_IN_HEALTH.interval)
      ? {}
      : { interval: durationText(interval) }),
    ...(fast === undefined || fast === durationMs(BUILT_IN_HEALTH.fast_interval)
      ? {}
      : { fast_interval: durationText(fast) }),
    ...(patient ? { timeout: durationText(Math.min(timeout, 3_600_000)) } : {}),
    ...(rise === undefined || rise === BUILT_IN_HEALTH.rise ? {} : { rise }),
    ...(fall === undefined || fall === BUILT_IN_HEALTH.fall ? {} : { fall }),
  };
}

function portOf(text: string | undefined): number | undefined {
  const port = /^[0-9]{1,5}$/.test(text ?? '') ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

/** What servers say of their fate beside checks. */
export function fateOf(servers: readonly Server[], remarks: Remarks): RawService {
  for (const { line, settings } of servers) {
    if (settings.has('observe'))
      remarks.grouped('passive: true asks a node at once when a session fails on it', line, 'observe');
    if (settings.has('on-error'))
      remarks.grouped('the probe decides here, not the failure of a session', line, 'on-error');
    if (settings.has('on-marked-up'))
      remarks.lost(line, 'on-marked-up: sessions on a backup stay there until they end');
  }
  const slow = haproxyTime(alike(servers, 'slowstart', 'a node that returns takes its whole share at once', remarks));
  const down = alike(servers, 'on-marked-down', 'sessions on a node that is marked down stay', remarks);
  return {
    ...(down === 'shutdown-sessions' ? { on_down: 'close' } : {}),
    ...(slow !== undefined && slow > 0 ? { slow_start: durationText(slow) } : {}),
  };
}
