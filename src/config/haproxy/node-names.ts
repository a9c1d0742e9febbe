// A name for each machine: that of its servers where they agree, else what they have in common, else of its DNS name.

import { isAddress } from '../../core/address.ts';
import { NAME_PATTERN } from '../schema-parts.ts';

const NAME = new RegExp(NAME_PATTERN);

export interface Unnamed {
  readonly host: string;
  /** The names of its servers, in every backend. */
  readonly servers: readonly string[];
}

/** In the same order, no two alike. */
export function nodeNames(machines: readonly Unnamed[]): string[] {
  const wishes = machines.map(wishesOf);
  const taken = new Set<string>();
  // A wish that two machines share names neither.
  const counts = new Map<string, number>();
  for (const wish of wishes.flatMap((list) => [...new Set(list)])) counts.set(wish, (counts.get(wish) ?? 0) + 1);
  return wishes.map((list, i) => {
    const name = unique(list.find((wish) => counts.get(wish) === 1 && !taken.has(wish)) ?? `node${i + 1}`, taken);
    taken.add(name);
    return name;
  });
}

export function unique(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  let n = 2;
  while (taken.has(`${name.slice(0, 58)}-${n}`)) n++;
  return `${name.slice(0, 58)}-${n}`;
}

/** A name as ours can be; undefined: nothing is left of it. */
export function tidyName(text: string): string | undefined {
  const tidy = text
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 64);
  return NAME.test(tidy) ? tidy : undefined;
}

function wishesOf({ host, servers }: Unnamed): string[] {
  const label = isAddress(host) ? undefined : host.split('.')[0];
  const [first = ''] = servers;
  const same = servers.every((name) => name === first) ? first : common(servers);
  const wishes = [label, isAddress(host) ? undefined : host, same, isAddress(host) ? `node-${host}` : undefined];
  return wishes.flatMap((wish) => {
    const name = wish === undefined ? undefined : tidyName(wish);
    // A bare number says nothing to anybody.
    return name === undefined ? [] : [/^[0-9.]+$/.test(name) ? `node${name}` : name];
  });
}

/** `f-proxy-https-1`, `f-proxy-http-1`: f-proxy-1. */
function common(names: readonly string[]): string {
  const parts = names.map((name) => name.split(/[-_.]/));
  const [first = []] = parts;
  return first.filter((part) => part !== '' && parts.every((other) => other.includes(part))).join('-');
}
