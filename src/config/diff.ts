// What differs between two configurations, as plain values: what a reload would touch. Pure; nothing is done here.

import { isDeepStrictEqual } from 'node:util';
import type { BalanceConfig, Config, ListenAddress, ServiceConfig } from './config.ts';
import { formatListenAddress } from './listen-address.ts';

export interface Changed {
  readonly name: string;
  /** What of it differs, by the keys of Config; of `balance` what of that. */
  readonly what: readonly string[];
}

export interface BackendChanges {
  readonly service: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly Changed[];
}

export interface ConfigDiff {
  readonly listeners: {
    readonly added: readonly string[];
    readonly removed: readonly string[];
    /** Of the added ones: bound only after one that is removed was closed, so that nobody listens for a moment. */
    readonly gaps: readonly string[];
  };
  readonly services: {
    readonly added: readonly string[];
    readonly removed: readonly string[];
    readonly changed: readonly Changed[];
  };
  /** Of services that both have. */
  readonly backends: readonly BackendChanges[];
  /** Other keys of the file, applied at once. */
  readonly other: readonly string[];
  /** Keys that take effect only when the process starts anew. */
  readonly restart: readonly string[];
}

/** What two listeners must not have in common: an address with its family. */
export function listenKey(address: ListenAddress): string {
  return address.kind === 'tcp' && address.ipv6Only
    ? `${formatListenAddress(address)} ipv6only`
    : formatListenAddress(address);
}

/** Whether both can't be bound at once. Port 0 is another one each time. */
export function overlap(a: ListenAddress, b: ListenAddress): boolean {
  if (a.kind !== 'tcp' || b.kind !== 'tcp') return listenKey(a) === listenKey(b);
  if (a.port !== b.port || a.port === 0) return false;
  return isEverywhere(a.host) || isEverywhere(b.host) || a.host === b.host;
}

function isEverywhere(host: string | undefined): boolean {
  return host === undefined || host === '::' || host === '0.0.0.0';
}

export function diffConfigs(before: Config, after: Config): ConfigDiff {
  const old = new Map(before.services.map((service) => [service.name, service]));
  const now = new Map(after.services.map((service) => [service.name, service]));
  const both = after.services.flatMap((service) => {
    const former = old.get(service.name);
    return former === undefined ? [] : [{ former, service }];
  });
  return {
    listeners: diffListeners(before, after),
    services: {
      added: [...now.keys()].filter((name) => !old.has(name)),
      removed: [...old.keys()].filter((name) => !now.has(name)),
      changed: both.flatMap(({ former, service }) => {
        const what = differing(former, service)
          .filter((key) => key !== 'backends')
          .map((key) => (key === 'balance' ? ofBalance(former.balance, service.balance) : key));
        return what.length === 0 ? [] : [{ name: service.name, what }];
      }),
    },
    backends: both.flatMap(({ former, service }) => diffBackends(former, service)),
    ...topLevel(before, after),
  };
}

/** Whether the two are the same configuration, whatever the text looks like. */
export function isSameConfig(diff: ConfigDiff): boolean {
  const { listeners, services, backends, other, restart } = diff;
  const lists = [...Object.values(listeners), ...Object.values(services), backends, other, restart];
  return lists.every((list) => list.length === 0);
}

/** The key of the file that made it another one. */
function ofBalance(before: BalanceConfig, after: BalanceConfig): string {
  if (before.strategy !== after.strategy) return 'balance';
  return after.strategy === 'pinned' ? 'node' : 'hash';
}

function diffListeners(before: Config, after: Config): ConfigDiff['listeners'] {
  const addresses = (config: Config) =>
    new Map(config.services.flatMap(({ listen }) => listen.map((address) => [listenKey(address), address] as const)));
  const [old, now] = [addresses(before), addresses(after)];
  const added = [...now].filter(([key]) => !old.has(key));
  const removed = [...old].filter(([key]) => !now.has(key));
  const gaps = added.filter(([, address]) => removed.some(([, gone]) => overlap(address, gone)));
  const names = (list: readonly (readonly [string, ListenAddress])[]) => list.map(([key]) => key);
  return { added: names(added), removed: names(removed), gaps: names(gaps) };
}

function diffBackends(before: ServiceConfig, after: ServiceConfig): BackendChanges[] {
  const old = new Map(before.backends.map((spec) => [spec.node, spec]));
  const nodes = new Set(after.backends.map((spec) => spec.node));
  const added = after.backends.filter((spec) => !old.has(spec.node)).map((spec) => spec.node);
  const removed = [...old.keys()].filter((node) => !nodes.has(node));
  const changed = after.backends.flatMap((spec) => {
    const former = old.get(spec.node);
    const what = former === undefined ? [] : differing(former, spec);
    return what.length === 0 ? [] : [{ name: spec.node, what }];
  });
  if (added.length + removed.length + changed.length === 0) return [];
  return [{ service: after.name, added, removed, changed }];
}

/** Keys of the top level by when they take effect. Of some only a part has to wait: those are named with it. */
const AT_ONCE = [
  'name',
  'caNode',
  'http',
  'haproxy',
  'doctor',
  'maxSessions',
] as const satisfies readonly (keyof Config)[];
const AT_START = ['relay'] as const satisfies readonly (keyof Config)[];

function topLevel(before: Config, after: Config): Pick<ConfigDiff, 'other' | 'restart'> {
  const differs = (key: keyof Config) => !isDeepStrictEqual(before[key], after[key]);
  const log = differing(before.log, after.log);
  return {
    other: [...AT_ONCE.filter(differs), ...(log.some((key) => key !== 'format') ? ['log'] : [])],
    restart: [
      ...ofAdmin(before.admin, after.admin),
      ...(log.includes('format') ? ['log.format'] : []),
      ...AT_START.filter(differs),
    ],
  };
}

function ofAdmin(before: Config['admin'], after: Config['admin']): string[] {
  if (before === false || after === false) return before === after ? [] : ['admin'];
  // Whether the file asks for it is no key of its own.
  return differing(before, after).flatMap((key) => (key === 'given' ? [] : [`admin.${key}`]));
}

function differing<T extends object>(a: T, b: T): string[] {
  return Object.keys(b).filter((key) => !isDeepStrictEqual(a[key as keyof T], b[key as keyof T]));
}
