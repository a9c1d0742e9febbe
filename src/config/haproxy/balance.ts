// Which node a client gets: `balance`, `hash-type`, stick tables. What HAProxy would choose otherwise is told.

import type { RawService } from '../raw.ts';
import { compareVersions } from './conditions.ts';
import { all, last, type ProxySection } from './proxy.ts';
import type { Remarks } from './remarks.ts';

/** The first whose default is `random`. */
const RANDOM_SINCE = [3, 3];

export interface BalanceContext {
  readonly version: readonly number[];
  /** Whether the version was said, not assumed. */
  readonly versionGiven: boolean;
  readonly v4Mapped: boolean;
  /** Line of a bind that sees IPv4 clients otherwise than the first. */
  readonly mixedLine: number | undefined;
}

export function balanceOf(proxy: ProxySection, servers: number, context: BalanceContext, remarks: Remarks): RawService {
  const chosen = algorithmOf(proxy, servers, context, remarks);
  const sticky = stickyLine(proxy, remarks);
  if (sticky === undefined || chosen.balance === 'source' || servers < 2) return chosen;
  remarks.lost(
    sticky,
    `${proxy.name} keeps clients on a node by a table, which is not carried over: balance: source keeps them, some on another node than now`,
  );
  return { balance: 'source' };
}

function algorithmOf(proxy: ProxySection, servers: number, context: BalanceContext, remarks: Remarks): RawService {
  const statement = last(proxy, 'balance');
  if (statement === undefined) return unsaid(proxy, servers, context, remarks);
  const { line, words } = statement;
  const [, name = ''] = words;
  const algorithm = name.replace(/\(.*$/, '');
  switch (algorithm) {
    case 'roundrobin':
    case 'static-rr':
      return { balance: 'roundrobin' };
    case 'leastconn':
      return { balance: 'leastconn' };
    case 'random':
      return { balance: 'random' };
    case 'source':
      return source(proxy, line, servers, context, remarks);
    case 'first':
      if (servers > 1)
        remarks.lost(
          line,
          'balance first fills one server after the other, and has no counterpart: written as roundrobin',
        );
      return { balance: 'roundrobin' };
    case 'hash':
      if (words[2] === undefined || !/^src\b/.test(words[2])) break;
      if (servers > 1)
        remarks.lost(
          line,
          'balance hash src: written as balance: source, under which most clients get another node than now',
        );
      return { balance: 'source' };
    default:
      break;
  }
  if (servers > 1) remarks.lost(line, `balance ${words.slice(1).join(' ')} has no counterpart: written as roundrobin`);
  return { balance: 'roundrobin' };
}

function unsaid(
  proxy: ProxySection,
  servers: number,
  { version, versionGiven }: BalanceContext,
  remarks: Remarks,
): RawService {
  if (compareVersions(version, RANDOM_SINCE) >= 0) return { balance: 'random' };
  if (!versionGiven && servers > 1) {
    remarks.note(
      proxy.line,
      `${proxy.name} says no balance: roundrobin, as HAProxy before 3.3 has it; if it is 3.3 or newer, import with --haproxy-version 3.3`,
    );
  }
  return { balance: 'roundrobin' };
}

function source(
  proxy: ProxySection,
  line: number,
  servers: number,
  { v4Mapped, mixedLine }: BalanceContext,
  remarks: Remarks,
): RawService {
  if (servers < 2) return { balance: 'source' };
  const type = last(proxy, 'hash-type');
  const [, method = 'map-based', , modifier] = type?.words ?? [];
  if (method === 'consistent' || modifier === 'avalanche') {
    remarks.lost(
      type?.line ?? line,
      `hash-type ${type?.words.slice(1).join(' ')}: balance: source also keeps each client on a node, but most get another node than now`,
    );
    const factor = Number(last(proxy, 'hash-balance-factor')?.words[1]);
    return factor > 100 ? { balance: 'source', hash: { bound: Math.min(100, factor / 100) } } : { balance: 'source' };
  }
  if (mixedLine !== undefined) {
    remarks.lost(
      mixedLine,
      `this bind sees IPv4 clients otherwise than the first of its frontend: under source some of ${proxy.name} get another node`,
    );
  }
  remarks.grouped(
    'method: haproxy keeps every client on its node on the day of the move; without it the loss of a node would move only its own clients, in HAProxy it moves most (docs/hash.md)',
    line,
    proxy.name,
    'better',
  );
  return { balance: 'source', hash: { method: 'haproxy', ...(v4Mapped ? { v4_mapped: true } : {}) } };
}

/** Where clients are kept on a server by their address. Other tables are lost. */
function stickyLine(proxy: ProxySection, remarks: Remarks): number | undefined {
  let found: number | undefined;
  for (const { line, words } of all(proxy, 'stick')) {
    const [, what = '', key = ''] = words;
    if (key === 'src' && (what === 'on' || what === 'match')) found ??= line;
    else if (!(key === 'src' && what === 'store-request'))
      remarks.lost(line, `${words.join(' ')}: only a client's address can keep it on a node`);
  }
  return found;
}
