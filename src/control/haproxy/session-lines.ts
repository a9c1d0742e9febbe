// `show sess`: the running sessions, a line each. The id is chargehand's own, as in its log: it is what `shutdown session`
// takes. Of HAProxy's fields those that mean something here.

import type { SessionRow } from '../admin-sessions.ts';

export function sessionLine(row: SessionRow): string {
  const { session, service, client, node, phase, local } = row;
  return (
    `${session}: proto=${protocol(client)} src=${client ?? 'unix:1'} fe=${service} be=${service} srv=${node ?? '<none>'} ` +
    `age=${age(row.age_ms)} phase=${phase} in=${row.bytes_in} out=${row.bytes_out} local=${local ?? '-'}\n`
  );
}

/** One session, a fact a line. */
export function sessionDetails(row: SessionRow): string {
  const facts = Object.entries(row).filter(([key]) => key !== 'session');
  const lines = facts.map(([key, value]) => `  ${key}=${value ?? '-'}\n`);
  return `${row.session}:\n${lines.join('')}`;
}

function protocol(client: string | null): string {
  if (client === null) return 'unix_stream';
  return client.startsWith('[') ? 'tcpv6' : 'tcpv4';
}

/** The two greatest units: `4s`, `1m3s`, `2h5m`, `1d2h`. */
function age(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const units = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  const first = units.findIndex(([count]) => count > 0);
  if (first === -1) return '0s';
  return units
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join('');
}
