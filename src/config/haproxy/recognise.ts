// Whether a haproxy.cfg stands before Smart Proxies, and of which generation: by its ports. Which service is which row.

import { PROFILES, type ProfileRow } from '../profiles/profile.ts';
import type { Pair } from './services.ts';

export type ProfileName = keyof typeof PROFILES;

export interface Recognised {
  readonly profile: ProfileName;
  readonly rows: ReadonlyMap<Pair, ProfileRow>;
}

/** undefined: something else. */
export function recognise(pairs: readonly Pair[]): Recognised | undefined {
  const ports = new Map<number, Pair>();
  for (const pair of pairs) {
    const { port } = pair.binds;
    if (port !== undefined && !ports.has(port)) ports.set(port, pair);
  }
  const profile = profileFor((port) => ports.has(port));
  if (profile === undefined) return undefined;
  const rows = new Map<Pair, ProfileRow>();
  for (const row of PROFILES[profile]) {
    const pair = ports.get(Number(row.service.listen));
    // A port that leads to another one on all nodes is some other service.
    if (pair?.servers.some((server) => leadsTo(server.port, Number(row.service.port), pair.binds.port)))
      rows.set(pair, row);
  }
  return rows.size < 2 ? undefined : { profile, rows };
}

/** 443 alone is any web server; with a port of the Smart Proxy beside it, it is one. */
function profileFor(has: (port: number) => boolean): ProfileName | undefined {
  if (!has(443)) return undefined;
  const smartProxy = has(9090) && (has(80) || has(8000) || has(8140));
  if (has(5647) || (has(5000) && smartProxy) || (has(8443) && smartProxy)) return 'foreman-2018';
  if (smartProxy) return 'foreman-current';
  return has(8443) && has(8000) ? 'foremanctl' : undefined;
}

function leadsTo(written: string, wanted: number, listening: number | undefined): boolean {
  if (written === '') return listening === wanted;
  if (/^[+-]/.test(written)) return (listening ?? Number.NaN) + Number(written) === wanted;
  return Number(written) === wanted;
}
