// From a file without errors to the Config that everything else reads: units in numbers, short forms in long ones, ranges
// unfolded, all of it frozen. Judges nothing: what could be wrong was found before.

import { listenEntries } from './backends.ts';
import { BUILT_IN_TOP } from './built-in.ts';
import type {
  AdminConfig,
  BalanceConfig,
  Config,
  HttpConfig,
  ListenAddress,
  NodeConfig,
  ServiceConfig,
  Timeouts,
} from './config.ts';
import { durationMs } from './duration.ts';
import type { Draft } from './expand.ts';
import { deepFreeze } from './freeze.ts';
import { expandListen, type ListenEntry, parseListen } from './listen-address.ts';
import { normalizeHealth } from './normalize-health.ts';
import { parseRate } from './rate.ts';
import type { MergedService, RawFile, RawTimeouts } from './raw.ts';
import type { Source } from './source.ts';

export function normalize(drafts: readonly Draft[], raw: RawFile, source: Source): Config {
  const http = httpOf(raw);
  const withIpv4 = ipv4Ports(drafts.flatMap(listenEntries), http);
  const log = { ...BUILT_IN_TOP.log, ...raw.log };
  return deepFreeze({
    file: source.file,
    name: raw.name,
    profile: raw.profile,
    caNode: raw.ca_node,
    nodes: source.keys('/nodes').map((name) => nodeConfig(name, raw)),
    services: drafts.map((draft) => serviceOf(draft, raw, withIpv4)),
    http,
    admin: adminOf(raw),
    haproxy: raw.haproxy && { socket: raw.haproxy.socket, metrics: raw.haproxy.metrics ?? false },
    log: { level: log.level, sessions: log.sessions, format: log.format, sessionStart: log.session_start },
    relay: { ...BUILT_IN_TOP.relay, ...raw.relay },
    doctor: raw.doctor && {
      intervalMs: durationMs(raw.doctor.interval ?? '1h'),
      repositories: [...(raw.doctor.repositories ?? [])],
    },
    maxSessions: raw.max_sessions ?? BUILT_IN_TOP.max_sessions,
  });
}

function nodeConfig(name: string, raw: RawFile): NodeConfig {
  const node = raw.nodes?.[name];
  return { name, host: (typeof node === 'string' ? node : node?.address) ?? '' };
}

function httpOf(raw: RawFile): HttpConfig | false {
  if (raw.http === false) return false;
  const { listen, allow, page } = { ...BUILT_IN_TOP.http, ...raw.http };
  const entry = parseListen(listen);
  if (typeof entry !== 'object' || entry.kind !== 'tcp') return false;
  return { host: entry.host, port: entry.first, allow: [...allow], page };
}

function adminOf({ admin }: RawFile): AdminConfig | false {
  if (admin === false) return false;
  const { socket, mode, group, state } = { ...BUILT_IN_TOP.admin, ...admin };
  return { socket, mode: Number.parseInt(mode, 8), group, state, given: socket !== BUILT_IN_TOP.admin.socket };
}

/** The ports that `::` has to leave to IPv4 listeners of their own. */
function ipv4Ports(entries: readonly ListenEntry[], http: HttpConfig | false): (port: number) => boolean {
  const ranges = entries.flatMap((e) => (e.kind === 'tcp' && isIpv4(e.host) ? [{ first: e.first, last: e.last }] : []));
  if (http !== false && isIpv4(http.host)) ranges.push({ first: http.port, last: http.port });
  return (port) => ranges.some(({ first, last }) => first <= port && port <= last);
}

function isIpv4(host: string | undefined): boolean {
  return host?.includes(':') === false;
}

function serviceOf(draft: Draft, raw: RawFile, withIpv4: (port: number) => boolean): ServiceConfig {
  const { raw: service, name } = draft;
  const { accept, send } = service.proxy_protocol;
  const health = draft.health !== false && normalizeHealth(draft.health, raw.name);
  return {
    name,
    listen: listenEntries(draft).flatMap((entry): ListenAddress[] => expandListen(entry, withIpv4)),
    backends: draft.backends,
    sourceAddress: orNone(service.source_address),
    balance: balanceOf(service),
    timeouts: timeoutsOf(service.timeouts),
    retries: service.retries,
    waitForClient: service.wait_for_client,
    handshakeFailover: service.handshake_failover,
    health,
    passive: service.passive,
    onDown: service.on_down,
    whenAllDown: service.when_all_down,
    slowStartMs: durationMs(service.slow_start),
    maxSessions: service.max_sessions === 'auto' ? undefined : service.max_sessions,
    maxSessionsPerBackend: orNone(service.max_sessions_per_backend),
    queue: service.queue,
    maxSessionsPerClient: orNone(service.max_sessions_per_client),
    ratePerClient: rateOf(service.rate_per_client),
    allow: [...service.allow],
    deny: [...service.deny],
    proxyProtocol: { accept: accept === false ? [] : [...accept], send },
    keepaliveMs: service.keepalive === false ? false : durationMs(service.keepalive),
  };
}

function balanceOf({ balance, hash, node = '' }: MergedService): BalanceConfig {
  if (balance === 'pinned') return { strategy: balance, node };
  if (balance !== 'source') return { strategy: balance };
  const { method, prefix_v4: prefixV4, prefix_v6: prefixV6, v4_mapped: v4Mapped, bound } = hash;
  return { strategy: balance, hash: { method, prefixV4, prefixV6, v4Mapped, bound: orNone(bound) } };
}

function timeoutsOf(timeouts: Required<RawTimeouts>): Timeouts {
  return {
    connectMs: durationMs(timeouts.connect),
    handshakeMs: durationMs(timeouts.handshake),
    firstByteMs: durationMs(timeouts.first_byte),
    establishMs: durationMs(timeouts.establish),
    queueMs: durationMs(timeouts.queue),
    idleMs: durationMs(timeouts.idle),
    idleDownMs: durationMs(timeouts.idle_down),
    halfClosedMs: durationMs(timeouts.half_closed),
    drainMs: durationMs(timeouts.drain),
    announceMs: durationMs(timeouts.announce),
  };
}

function rateOf(given: MergedService['rate_per_client']): ServiceConfig['ratePerClient'] {
  const text = typeof given === 'string' ? given : given.rate;
  const rate = text === undefined ? undefined : parseRate(text);
  if (rate === undefined) return undefined;
  const burst = typeof given === 'string' ? undefined : given.burst;
  return { perSecond: rate.perSecond, burst: burst ?? rate.count };
}

function orNone<T>(value: T | 'none'): T | undefined {
  return value === 'none' ? undefined : value;
}
