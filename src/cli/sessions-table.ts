// Running sessions as text. Addresses are never cut: they are what one looks for.

import type { SessionRow } from '../control/admin-sessions.ts';
import type { Paint } from './paint.ts';
import { type Column, plainTable } from './plain-table.ts';
import { age, bytes } from './units.ts';

export function sessionsTable(sessions: readonly SessionRow[], paint: Paint): string {
  const column = (head: string, right = false): Column => ({ head: paint('dim', head), right });
  const columns = [
    column('SESSION'),
    column('SERVICE'),
    column('CLIENT'),
    column('NODE'),
    column('LOCAL'),
    column('AGE', true),
    column('IN', true),
    column('OUT', true),
  ];
  const rows = sessions.map((session) => [
    session.session,
    session.service,
    clientOf(session),
    session.node ?? `(${session.phase})`,
    session.local ?? '-',
    age(session.age_ms),
    bytes(session.bytes_in),
    bytes(session.bytes_out),
  ]);
  return plainTable(columns, rows);
}

function clientOf({ client, peer }: SessionRow): string {
  const who = client ?? 'unix socket';
  return peer === null ? who : `${who} by ${peer}`;
}
