// From frontends and their backends to services with servers: who belongs together, and what of each is carried over.
// Names of nodes and profiles come later.

import type { RawListen, RawService } from '../raw.ts';
import { accessOf } from './access.ts';
import { balanceOf } from './balance.ts';
import { type Binds, bindsOf } from './bind.ts';
import { type Check, checkOf, fateOf } from './check.ts';
import { all, isBackend, isDisabled, isFrontend, last, modeOf, type ProxySection } from './proxy.ts';
import type { Remarks } from './remarks.ts';
import { type Server, serversOf } from './server.ts';
import { limitsOf, retriesOf, timeoutsOf } from './times-and-limits.ts';
import { proxyProtocolOf, sourceAddressOf } from './toward-nodes.ts';

/** A frontend with the backend it leads to. */
export interface Pair {
  readonly front: ProxySection;
  readonly back: ProxySection;
  readonly binds: Binds;
  readonly servers: readonly Server[];
}

export interface Version {
  readonly version: readonly number[];
  readonly versionGiven: boolean;
}

export interface ImportedService {
  readonly name: string;
  readonly pair: Pair;
  readonly listen: RawListen;
  /** All but where it listens, its nodes and their ports. */
  readonly service: RawService;
  readonly check: Check;
}

/** The frontends in mode tcp that lead to servers. */
export function pairsOf(proxies: readonly ProxySection[], remarks: Remarks): Pair[] {
  const backs = new Map(proxies.filter(isBackend).map((proxy) => [proxy.name, proxy]));
  const used = new Set<ProxySection>();
  const pairs = proxies.filter(isFrontend).flatMap((front): Pair[] => {
    const back = backendOf(front, backs, remarks);
    if (back !== undefined) used.add(back);
    if (isDisabled(front)) {
      remarks.note(front.line, `${front.name} is disabled: left out`);
      return [];
    }
    if (!speaksTcp(front, remarks) || back === undefined || !speaksTcp(back, remarks)) return [];
    const binds = bindsOf(front, remarks);
    if (binds === undefined) {
      if (all(front, 'bind').length === 0) remarks.note(front.line, `${front.name} listens on nothing: left out`);
      return [];
    }
    const servers = isDisabled(back) ? [] : serversOf(back, remarks);
    if (servers === undefined) return [];
    if (servers.length > 0) return [{ front, back, binds, servers }];
    remarks.lost(front.line, `${front.name} has no server to lead to: not carried over`);
    return [];
  });
  for (const proxy of proxies) {
    if (proxy.kind === 'backend' && !used.has(proxy))
      remarks.note(proxy.line, `no frontend leads to backend ${proxy.name}: left out`);
  }
  return pairs;
}

function speaksTcp(proxy: ProxySection, remarks: Remarks): boolean {
  const { mode, line } = modeOf(proxy);
  if (mode === 'tcp') return true;
  remarks.lost(line, `${proxy.kind} ${proxy.name} is in mode ${mode}: only mode tcp is carried over`);
  return false;
}

function backendOf(
  front: ProxySection,
  backs: ReadonlyMap<string, ProxySection>,
  remarks: Remarks,
): ProxySection | undefined {
  let wanted = last(front, 'default_backend')?.words[1];
  for (const { line, words } of all(front, 'use_backend')) {
    const [, name = '', how] = words;
    if (how === undefined) {
      wanted = name;
      break;
    }
    remarks.lost(line, `${words.join(' ')}: which backend a session goes to can't depend on a condition here`);
  }
  if (wanted === undefined) {
    if (front.kind === 'listen') return front;
    remarks.lost(front.line, `${front.name} has no default_backend: not carried over`);
    return undefined;
  }
  const back = backs.get(wanted);
  if (back === undefined) remarks.lost(front.line, `${front.name}: there is no backend ${wanted}`);
  return back;
}

/** `idleMs`: how long a session may be idle under what the service will be written as. */
export function importedService(
  name: string,
  pair: Pair,
  version: Version,
  idleMs: number,
  remarks: Remarks,
): ImportedService {
  const { front, back, binds, servers } = pair;
  const { proxyFrom, ...access } = accessOf(pair, binds.acceptProxy, remarks);
  const v4Mapped = binds.v4Mapped && proxyFrom.length === 0;
  const timeouts = timeoutsOf(front, back, idleMs, remarks);
  const service: RawService = {
    ...sourceAddressOf(back, servers, remarks),
    ...balanceOf(back, servers.length, { ...version, v4Mapped, mixedLine: binds.mixedLine }, remarks),
    ...(Object.keys(timeouts).length === 0 ? {} : { timeouts }),
    ...retriesOf(back, remarks),
    ...fateOf(servers, remarks),
    ...limitsOf(front, servers, remarks),
    ...access,
    ...proxyProtocolOf(binds.acceptProxy, proxyFrom, servers, front, remarks),
  };
  return { name, pair, listen: binds.listen, service, check: checkOf(back, servers, remarks) };
}
