// The types of a normalised configuration: everything decided, every default filled in, units in the names, deeply
// frozen. No logic.

import type { BackendSpec } from '../core/backend.ts';

export type ListenAddress =
  /** `host` undefined: all addresses, IPv4 and IPv6. `ipv6Only`: `::` beside an IPv4 listener on the same port. */
  | { readonly kind: 'tcp'; readonly host: string | undefined; readonly port: number; readonly ipv6Only: boolean }
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'systemd'; readonly name: string };

export interface HashConfig {
  readonly method: 'rendezvous' | 'haproxy';
  readonly prefixV4: number;
  readonly prefixV6: number;
  /** Only with `haproxy`: hash IPv4 clients as IPv4-mapped IPv6. */
  readonly v4Mapped: boolean;
  /** No backend above this many times its fair share; undefined: no bound. */
  readonly bound: number | undefined;
}

export type BalanceConfig =
  | { readonly strategy: 'roundrobin' | 'leastconn' | 'random' }
  | { readonly strategy: 'source'; readonly hash: HashConfig }
  | { readonly strategy: 'pinned'; readonly node: string };

export interface Timeouts {
  readonly connectMs: number;
  readonly handshakeMs: number;
  readonly firstByteMs: number;
  readonly establishMs: number;
  readonly queueMs: number;
  readonly idleMs: number;
  readonly idleDownMs: number;
  readonly halfClosedMs: number;
  readonly drainMs: number;
  readonly announceMs: number;
}

export type JsonExpectation =
  | { readonly equals: string | number | boolean | null }
  | { readonly contains: readonly (string | number | boolean)[] }
  | { readonly notEmpty: true }
  | { readonly min: number };

export interface HealthConfig {
  /** What people call it: `tcp`, `https`, or a named probe such as `pulp`. */
  readonly name: string;
  readonly type: 'tcp' | 'tls' | 'http' | 'https';
  /** The port asked; undefined: the backend's own. */
  readonly port: number | undefined;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expect: {
    /** Empty: any status. */
    readonly status: readonly number[];
    readonly contains: string | undefined;
    /** Headers that must be there, in lower case, to a text that each must contain. */
    readonly headers: Readonly<Record<string, string>>;
    /** A path (`database_connection.connected`, `$` the whole) to what must be there. */
    readonly json: Readonly<Record<string, JsonExpectation>>;
  };
  readonly intervalMs: number;
  readonly fastIntervalMs: number;
  readonly timeoutMs: number;
  readonly rise: number;
  readonly fall: number;
  /** Files, as paths. */
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** SNI and the expected name; undefined: none. */
  readonly servername: string | undefined;
  /** A failure of what stands behind the nodes: never changes health. */
  readonly upstream: boolean;
}

export interface ServiceConfig {
  readonly name: string;
  readonly listen: readonly ListenAddress[];
  readonly backends: readonly BackendSpec[];
  readonly sourceAddress: string | undefined;
  readonly balance: BalanceConfig;
  readonly timeouts: Timeouts;
  readonly retries: number;
  readonly waitForClient: boolean;
  readonly handshakeFailover: boolean;
  readonly health: HealthConfig | false;
  readonly passive: boolean;
  readonly onDown: 'keep' | 'close';
  readonly whenAllDown: 'use_all' | 'refuse';
  readonly slowStartMs: number;
  /** undefined: 75 % of the process's. */
  readonly maxSessions: number | undefined;
  readonly maxSessionsPerBackend: number | undefined;
  readonly queue: number;
  readonly maxSessionsPerClient: number | undefined;
  readonly ratePerClient: { readonly perSecond: number; readonly burst: number } | undefined;
  /** CIDR texts, checked; empty `allow`: everyone. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly proxyProtocol: {
    /** CIDR texts of the peers that must send a header; empty: nobody may. */
    readonly accept: readonly string[];
    readonly send: 'v1' | 'v2' | false;
  };
  /** false: no TCP keepalive. */
  readonly keepaliveMs: number | false;
}

export interface HttpConfig {
  readonly host: string | undefined;
  readonly port: number;
  readonly allow: readonly string[];
  readonly page: boolean;
}

export interface LogConfig {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  readonly sessions: 'all' | 'failed' | 'none';
  readonly format: 'auto' | 'json' | 'text' | 'haproxy';
  readonly sessionStart: boolean;
}

/** The socket of the operator commands. */
export interface AdminConfig {
  readonly socket: string;
  /** Its file mode. */
  readonly mode: number;
  /** The group that may use it. The standard one may not exist on a machine without the package: then the process's own. */
  readonly group: string;
  /** Where it is kept what the operator set. */
  readonly state: string;
  /** Whether the file asks for another than the standard socket: one that can't be had is an error then, else a warning. */
  readonly given: boolean;
}

/** HAProxy's own interfaces, for the tools that already use them. */
export interface HaproxyConfig {
  /** Where its socket is; undefined: none. */
  readonly socket: string | undefined;
  /** The names of HAProxy's exporter in /metrics. */
  readonly metrics: boolean;
}

export interface RelayConfig {
  readonly kind: 'auto' | 'net' | 'native';
  /** Of the native relay; 'auto': one for each core. */
  readonly threads: number | 'auto';
}

export interface DoctorConfig {
  readonly intervalMs: number;
  /** Paths of repositories whose metadata is compared. */
  readonly repositories: readonly string[];
}

export interface NodeConfig {
  readonly name: string;
  readonly host: string;
}

export interface Config {
  /** The file it came from, as the user named it. */
  readonly file: string;
  /** The name that clients dial. */
  readonly name: string | undefined;
  readonly profile: string | undefined;
  readonly caNode: string | undefined;
  readonly nodes: readonly NodeConfig[];
  readonly services: readonly ServiceConfig[];
  readonly http: HttpConfig | false;
  readonly admin: AdminConfig | false;
  /** undefined: neither. */
  readonly haproxy: HaproxyConfig | undefined;
  readonly log: LogConfig;
  readonly relay: RelayConfig;
  /** undefined: only by command. */
  readonly doctor: DoctorConfig | undefined;
  /** For the whole process; 'auto': from the descriptor limit. */
  readonly maxSessions: number | 'auto';
}
