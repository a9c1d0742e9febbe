// The file as it is written, after the schema has judged its shape: what may be left out is optional, durations are still
// text. No logic.

export type RawScalar = string | number | boolean | null;
export type RawListen = number | string | readonly (number | string)[];
export type RawPredicate = RawScalar | { readonly contains?: readonly RawScalar[]; readonly min?: number };

export interface RawHealthDetails {
  readonly probe?: string;
  readonly type?: 'tcp' | 'tls' | 'http' | 'https';
  readonly port?: number;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly expect?: {
    readonly status?: readonly number[];
    readonly contains?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly json?: Readonly<Record<string, RawPredicate>>;
  };
  readonly interval?: string;
  readonly fast_interval?: string;
  readonly timeout?: string;
  readonly rise?: number;
  readonly fall?: number;
  readonly ca?: string;
  readonly servername?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly upstream?: boolean;
}

export interface RawHash {
  readonly method?: 'rendezvous' | 'haproxy';
  readonly prefix_v4?: number;
  readonly prefix_v6?: number;
  readonly v4_mapped?: boolean;
  readonly bound?: number | 'none';
}

export interface RawTimeouts {
  readonly connect?: string;
  readonly handshake?: string;
  readonly first_byte?: string;
  readonly establish?: string;
  readonly queue?: string;
  readonly idle?: string;
  readonly idle_down?: string;
  readonly half_closed?: string;
  readonly drain?: string;
  readonly announce?: string;
}

export interface RawService {
  readonly listen?: RawListen;
  readonly port?: number;
  readonly nodes?: readonly string[];
  readonly source_address?: string;
  readonly balance?: 'roundrobin' | 'leastconn' | 'random' | 'source' | 'pinned';
  readonly node?: string;
  readonly hash?: RawHash;
  readonly timeouts?: RawTimeouts;
  readonly retries?: number;
  readonly wait_for_client?: boolean;
  readonly handshake_failover?: boolean;
  readonly health?: string | false | RawHealthDetails;
  readonly passive?: boolean;
  readonly on_down?: 'keep' | 'close';
  readonly when_all_down?: 'use_all' | 'refuse';
  readonly slow_start?: string;
  readonly max_sessions?: number | 'auto';
  readonly max_sessions_per_backend?: number | 'none';
  readonly queue?: number;
  readonly max_sessions_per_client?: number | 'none';
  readonly rate_per_client?: string | { readonly rate?: string; readonly burst?: number };
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  readonly proxy_protocol?: { readonly accept?: readonly string[] | false; readonly send?: 'v1' | 'v2' | false };
  readonly keepalive?: string | false;
}

export interface RawNode {
  readonly address?: string;
  readonly weight?: number;
  readonly backup?: boolean;
  readonly state?: 'ready' | 'drain' | 'maint';
  readonly services?: readonly string[];
  readonly ports?: Readonly<Record<string, number>> | null;
}

export interface RawHttp {
  readonly listen?: number | string;
  readonly allow?: readonly string[];
  readonly page?: boolean;
}

export interface RawAdmin {
  readonly socket?: string;
  readonly mode?: string;
  readonly group?: string;
  readonly state?: string;
}

export interface RawFile {
  readonly version?: 1;
  readonly name?: string;
  readonly profile?: string;
  readonly ca_node?: string;
  readonly nodes?: Readonly<Record<string, string | RawNode>>;
  readonly defaults?: RawService | null;
  readonly services?: Readonly<Record<string, RawService | false>> | null;
  readonly http?: RawHttp | false;
  readonly admin?: RawAdmin | false;
  readonly haproxy?: { readonly socket?: string; readonly metrics?: boolean };
  readonly log?: {
    readonly level?: 'trace' | 'debug' | 'info' | 'warn' | 'error';
    readonly sessions?: 'all' | 'failed' | 'none';
    readonly format?: 'auto' | 'json' | 'text' | 'haproxy';
    readonly session_start?: boolean;
  };
  readonly max_sessions?: number | 'auto';
  readonly relay?: { readonly kind?: 'auto' | 'net' | 'native'; readonly threads?: number | 'auto' };
  readonly doctor?: { readonly interval?: string; readonly repositories?: readonly string[] };
}

/** A service after its layers are merged: the built-in layer has filled in everything that has a default of its own. */
export type MergedService = RawService &
  Required<Omit<RawService, 'listen' | 'port' | 'nodes' | 'node' | 'health'>> & {
    readonly hash: Required<RawHash>;
    readonly timeouts: Required<RawTimeouts>;
    readonly proxy_protocol: Required<Exclude<RawService['proxy_protocol'], undefined>>;
  };

export type MergedHealth = RawHealthDetails &
  Required<Omit<RawHealthDetails, 'probe' | 'port' | 'ca' | 'servername' | 'cert' | 'key'>> & {
    readonly expect: {
      readonly status: readonly number[];
      readonly headers: Readonly<Record<string, string>>;
      readonly json: Readonly<Record<string, RawPredicate>>;
    };
  };
