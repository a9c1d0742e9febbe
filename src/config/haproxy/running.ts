// What a running HAProxy says of itself, read: the servers out of `show stat`, the clients out of `show sess`. Asks nobody.

import { canonicalAddress, isAddress } from '../../core/address.ts';

export interface RunningServer {
  /** As HAProxy puts it: `UP`, `DOWN`, `MAINT`, `no check`. */
  readonly status: string;
  readonly weight: number;
  readonly backup: boolean;
  /** Where HAProxy dials it; undefined: it doesn't say (a socket of level user), or has no address for it. */
  readonly address: RunningAddress | undefined;
}

export interface RunningAddress {
  readonly host: string;
  /** 0: the one that the client dialled. */
  readonly port: number;
}

/** Backend to server to its state; undefined: this is no answer to `show stat`. */
export type RunningBackends = ReadonlyMap<string, ReadonlyMap<string, RunningServer>>;

export function readShowStat(csv: string): RunningBackends | undefined {
  const [head = '', ...lines] = csv.split('\n');
  const columns = head.replace(/^# /, '').split(',');
  const at = (name: string): number => columns.indexOf(name);
  const [proxy, server, status, weight, backup, address] = ['pxname', 'svname', 'status', 'weight', 'bck', 'addr'].map(
    at,
  );
  if (proxy === undefined || proxy < 0 || server === undefined || server < 0) return undefined;
  const backends = new Map<string, Map<string, RunningServer>>();
  for (const line of lines) {
    const cells = line.split(',');
    const [backend = '', name = ''] = [cells[proxy], cells[server]];
    if (name === '' || name === 'FRONTEND' || name === 'BACKEND') continue;
    const servers = backends.get(backend) ?? new Map<string, RunningServer>();
    backends.set(backend, servers);
    servers.set(name, {
      status: cells[status ?? -1] ?? '',
      weight: Number(cells[weight ?? -1]) || 0,
      backup: cells[backup ?? -1] === '1',
      address: addressIn(cells[address ?? -1] ?? ''),
    });
  }
  return backends;
}

function addressIn(text: string): RunningAddress | undefined {
  const [, host = '', port = ''] = /^\[?([^\]]*)\]?:([0-9]+)$/.exec(text) ?? [];
  const known = isAddress(host) && host !== '0.0.0.0' && host !== '::';
  return known ? { host: canonicalAddress(host), port: Number(port) } : undefined;
}

/** Whether HAProxy sends sessions there. `UP 1/3` is on its way down, `DOWN 1/2` on its way up. */
export function takesSessions({ status, weight }: RunningServer): boolean {
  return weight > 0 && /^(UP|no check)/.test(status);
}

export function readClients(sessions: string): string[] {
  const found = [...sessions.matchAll(/ src=(\S+):[0-9]+ /g)].map(([, address = '']) => canonicalAddress(address));
  return [...new Set(found)].filter(isAddress);
}
