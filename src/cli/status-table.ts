// `chargehand status` as text: 80 columns are enough, and what is wrong says so in a line of its own. Shows an answer;
// asks for nothing.

import type { BackendAnswer, ServiceAnswer, StatusAnswer } from '../control/admin-status.ts';
import { folded } from './folded.ts';
import type { Paint } from './paint.ts';
import { type Column, plainTable, type Row } from './plain-table.ts';
import { age, bytesPerSecond, counted, perSecond } from './units.ts';

const FIXED = { health: 11, admin: 16, sessions: 10, rate: 8, in: 10, out: 10 } as const;
const LEAST_NODE = 12;
/** To the right of each column: a line across all of them would be cut there. */
const GAP = 2;

export function statusTable(status: StatusAnswer, columns: number, paint: Paint): string {
  const parts = [head(status, columns, paint)];
  const names = status.services.flatMap((s) => s.backends.map((b) => b.node.length));
  const fixed = Object.values(FIXED).reduce((sum, width) => sum + width, 0);
  const node = Math.max(LEAST_NODE, Math.min(columns - fixed, Math.max(0, ...names) + 4));
  const now = Date.parse(status.at);
  for (const service of status.services) {
    parts.push(serviceHead(service, paint));
    const rows = service.backends.flatMap((backend) => backendRows(backend, now, fixed + node - GAP, paint));
    parts.push(plainTable(widths(node, paint), rows));
  }
  return parts.join('');
}

function widths(node: number, paint: Paint): readonly Column[] {
  const column = (head: string, width: number, right = false): Column => ({ head: paint('dim', head), width, right });
  return [
    column('  NODE', node),
    column('HEALTH', FIXED.health),
    column('ADMIN', FIXED.admin),
    column('SESSIONS', FIXED.sessions, true),
    column('NEW', FIXED.rate, true),
    column('IN', FIXED.in, true),
    column('OUT', FIXED.out, true),
  ];
}

function head({ program, config, sessions, at }: StatusAnswer, columns: number, paint: Paint): string {
  const since = age(Date.parse(at) - Date.parse(program.started));
  const name = config.name === null ? '' : ` for ${config.name}`;
  const lines = [
    `${paint('bold', `chargehand ${program.version}`)}${name}, running for ${since}, relay ${program.relay.kind}`,
    `${config.file}${config.profile === null ? '' : `, profile ${config.profile}`}`,
    `${counted(sessions.running, 'session')} of at most ${sessions.limit}`,
    ...(program.predecessor === null
      ? []
      : [
          paint(
            'yellow',
            `process ${program.predecessor}, from before the upgrade, still finishes sessions of its own`,
          ),
        ]),
    ...refusal(config.refused, Date.parse(at), columns).map((line) => paint('red', line)),
  ];
  return `${lines.join('\n')}\n`;
}

function refusal(refused: StatusAnswer['config']['refused'], now: number, columns: number): string[] {
  if (refused === null) return [];
  const since = age(now - Date.parse(refused.at));
  return [
    `the last reload, ${since} ago, was refused: what was in effect still is`,
    ...refused.problems.flatMap((problem) => folded(problem, columns - 2)).map((line) => `  ${line}`),
  ];
}

function serviceHead(service: ServiceAnswer, paint: Paint): string {
  const { strategy, pinned, sessions, waiting, queued, backends } = service;
  const facts = [
    pinned === null ? strategy : `pinned to ${pinned.node}`,
    counted(sessions, 'session'),
    ...(waiting > 0 ? [`${waiting} without a node yet`] : []),
    ...(queued > 0 ? [`${queued} in the queue`] : []),
    ...(service.listen.length > 0 ? [service.listen.join(' ')] : []),
  ];
  const alarms = [
    ...(service.failing_open ? ['failing open: all ready nodes are down, they are tried all the same'] : []),
    ...(pinned !== null && !pinned.up ? [`its only node ${pinned.node} is down`] : []),
    ...(backends.length === 0 ? ['it has no nodes'] : []),
  ];
  const lines = [
    `${paint('bold', service.service)}  ${facts.join(' · ')}`,
    ...alarms.map((a) => paint('red', `  ${a}`)),
  ];
  return `\n${lines.join('\n')}\n`;
}

function backendRows(backend: BackendAnswer, now: number, width: number, paint: Paint): Row[] {
  const { health, admin, weight } = backend;
  const up = health === 'up';
  const since = age(now - Date.parse(backend.since));
  const state = admin.origin === 'operator' ? `${admin.state} operator` : admin.state;
  const row = [
    `  ${backend.node}`,
    paint(up ? 'green' : 'red', `${health} ${since}`),
    admin.state === 'ready' ? state : paint('yellow', state),
    String(backend.sessions),
    perSecond(backend.sessions_per_second),
    bytesPerSecond(backend.bytes_in_per_second),
    bytesPerSecond(backend.bytes_out_per_second),
  ];
  const more = [
    ...(backend.address === null ? ['its name has no address'] : []),
    ...(backend.reason === '' ? [] : [backend.reason]),
    ...(backend.note === '' ? [] : [withoutReason(backend)]),
    ...backend.findings,
    ...(admin.since === null ? [] : [`${admin.state} by an operator for ${age(now - Date.parse(admin.since))}`]),
    ...(admin.ends === null ? [] : [ending(admin.ends, now)]),
    ...(weight.origin === 'operator' ? [`weight ${weight.value} by an operator`] : []),
    ...(backend.queued > 0 ? [`${backend.queued} wait for it`] : []),
  ];
  return [row, ...more.flatMap((text) => folded(text, width - 4)).map((text) => paint('dim', `    ${text}`))];
}

/** The note, without what the reason above it says already. */
function withoutReason({ note, reason }: BackendAnswer): string {
  const [what = note, was] = note.split('; was: ', 2);
  return was !== undefined && reason.startsWith(was) ? what : note;
}

function ending(ends: string, now: number): string {
  const left = Date.parse(ends) - now;
  return left <= 0 ? 'its sessions are being ended' : `its last session is ended in ${age(left)}`;
}
