// Lines in HAProxy's words, for whoever reads HAProxy's log by a program: a session as `option tcplog` writes it, and the
// changes of a server. It decides the fields; whether a line is written at all is log.ts's.

import type { AdminState } from '../core/backend.ts';
import type { HealthFlip } from '../core/events.ts';
import { printable } from '../core/printable.ts';
import type { End, SessionRecord } from '../core/session-record.ts';

/** Ends at which no connection to a backend stood, though it may have been dialled. */
const UNCONNECTED: ReadonlySet<End> = new Set(['dial-failed', 'dial-timeout', 'no-backend', 'queue-timeout']);

/**
 * `client:port [accepted] frontend backend/server Tw/Tc/Tt bytes flags actconn/feconn/beconn/srv_conn/retries
 * srv_queue/backend_queue`, with its newline. A service is both frontend and backend.
 */
export function haproxySessionLine(record: SessionRecord, time: (ms: number) => string): string {
  const { service, node, beside, retries } = record;
  const client = record.client === '' ? 'unix:1' : record.client.replace(/[[\]]/g, '');
  // As HAProxy counts: the process's and the frontend's with this one, the backend's and the server's without.
  const counts = `${beside.process + 1}/${beside.service + 1}/${beside.admitted}/${beside.node}`;
  const moved = retries > record.redials ? '+' : '';
  const queues = record.queuedForOne ? `${record.queuePlace}/0` : `0/${record.queuePlace}`;
  return printableLine(
    `${client} [${time(record.acceptedAt)}] ${service} ${service}/${node ?? '<NOSRV>'} ${times(record)} ` +
      `${record.bytesOut} ${record.flags} ${counts}/${moved}${retries} ${queues}`,
  );
}

/** Time in the queue, of all dials, and in all; -1: it never came to that. */
function times({ queueMs, dialMs, durationMs, node, end }: SessionRecord): string {
  const waited = queueMs >= 0 ? Math.round(queueMs) : node === undefined ? -1 : 0;
  const connect = node === undefined || UNCONNECTED.has(end) || dialMs < 0 ? -1 : Math.round(dialMs);
  return `${waited}/${connect}/${Math.round(durationMs)}`;
}

export function haproxyHealthLine({ service, node, to, reason }: HealthFlip): string {
  return printableLine(`Server ${service}/${node} is ${to.toUpperCase()}, reason: ${reason}.`);
}

export function haproxyAdminLine(service: string, node: string, state: AdminState): string {
  return printableLine(`Server ${service}/${node} ${ADMIN[state]}.`);
}

const ADMIN: Readonly<Record<AdminState, string>> = {
  ready: 'is UP/READY',
  drain: 'enters drain state',
  maint: 'is going DOWN for maintenance',
};

const MAX_LINE = 4000;

function printableLine(line: string): string {
  return `${printable(line, MAX_LINE)}\n`;
}
