// Timeouts, retries and limits: which of HAProxy's values are carried over, and why the others are not. A value that only
// makes clients fail earlier than ours is not carried over.

import { BUILT_IN_SERVICE } from '../built-in.ts';
import { durationMs, LONGEST_MS } from '../duration.ts';
import type { RawService, RawTimeouts } from '../raw.ts';
import { last, type ProxySection } from './proxy.ts';
import type { Remarks } from './remarks.ts';
import type { Statement } from './sections.ts';
import type { Server } from './server.ts';
import { durationText, haproxyTime } from './times.ts';

const OURS = BUILT_IN_SERVICE.timeouts;
/** As long as a timer can be, in whole hours. */
const NEVER_MS = Math.floor(LONGEST_MS / 3_600_000) * 3_600_000;

/** `idleMs`: what chargehand allows without HAProxy's word; a profile may allow more than the built-in. */
export function timeoutsOf(front: ProxySection, back: ProxySection, idleMs: number, remarks: Remarks): RawTimeouts {
  const timeouts: { -readonly [K in keyof RawTimeouts]: RawTimeouts[K] } = {};
  const idle = idleOf(front, back);
  if (idle.ms > idleMs) {
    timeouts.idle = durationText(idle.ms);
  } else if (idle.ms < idleMs) {
    remarks.better(
      idle.line,
      `sessions without a byte are cut after ${durationText(idle.ms)}: here after ${durationText(idleMs)}`,
    );
  }
  if (idle.ms === NEVER_MS) {
    remarks.note(
      idle.line,
      `${front.name} never cuts an idle session: written as ${durationText(NEVER_MS)}, as long as a timer can be`,
    );
  }
  const finished = Math.max(
    msOf(last(front, 'timeout', 'client-fin')) ?? 0,
    msOf(last(back, 'timeout', 'server-fin')) ?? 0,
  );
  if (finished > durationMs(OURS.half_closed)) {
    timeouts.half_closed = durationText(finished);
  } else if (finished === 0 && idle.ms > durationMs(OURS.half_closed)) {
    remarks.grouped(
      `a session that one side has finished is cut after ${OURS.half_closed} without a byte, in HAProxy as late as any other: timeouts.half_closed makes it later`,
      idle.line,
      front.name,
    );
  }
  const connect = last(back, 'timeout', 'connect');
  const waits = last(back, 'timeout', 'queue');
  // Where nothing is said of it, it is as long as the connect timeout.
  const queue = msOf(waits ?? connect);
  if (queue !== undefined && limited(back)) {
    if (queue > durationMs(OURS.queue)) timeouts.queue = durationText(queue);
    else if (waits !== undefined && queue < durationMs(OURS.queue))
      remarks.note(waits.line, `timeout queue ${durationText(queue)}: here a session waits ${OURS.queue} for a place`);
  }
  const connectMs = haproxyTime(connect?.words[2]);
  if (connect !== undefined && connectMs !== undefined && connectMs !== durationMs(OURS.connect)) {
    const message = `a node that does not answer is given up after ${OURS.connect} here, not ${durationText(connectMs)}, and the session goes to the next node`;
    if (connectMs > durationMs(OURS.connect)) remarks.better(connect.line, message);
    else remarks.note(connect.line, message);
  }
  return timeouts;
}

/** `tunnel` replaces both; without a timeout a side waits for ever. Either side ends the session. */
function idleOf(front: ProxySection, back: ProxySection): { readonly ms: number; readonly line: number } {
  const tunnel = last(back, 'timeout', 'tunnel') ?? last(front, 'timeout', 'tunnel');
  if (tunnel !== undefined) return { ms: msOf(tunnel) ?? NEVER_MS, line: tunnel.line };
  const sides = [last(front, 'timeout', 'client'), last(back, 'timeout', 'server')];
  const ms = Math.min(...sides.map((statement) => msOf(statement) ?? NEVER_MS));
  return { ms, line: sides.find((statement) => statement !== undefined)?.line ?? front.line };
}

/** undefined: none, which to HAProxy is for ever. */
function msOf(statement: Statement | undefined): number | undefined {
  const ms = haproxyTime(statement?.words[2]);
  return ms === undefined || ms === 0 ? undefined : Math.min(Math.max(1_000, ms), NEVER_MS);
}

function limited(back: ProxySection): boolean {
  return back.statements.some(({ words }) => words.includes('maxconn') && /^(default-)?server$/.test(words[0] ?? ''));
}

export function retriesOf(back: ProxySection, remarks: Remarks): RawService {
  const statement = last(back, 'retries');
  const retries = Number(statement?.words[1] ?? BUILT_IN_SERVICE.retries);
  if (last(back, 'option', 'redispatch') === undefined && last(back, 'redispatch') === undefined) {
    remarks.grouped(
      'without option redispatch a client of a dead node is refused after some tries on it: chargehand goes to the next node',
      statement?.line ?? back.line,
      back.name,
      'better',
    );
  }
  if (statement === undefined || !Number.isInteger(retries)) return {};
  if (retries > BUILT_IN_SERVICE.retries) return { retries: Math.min(100, retries) };
  if (retries < BUILT_IN_SERVICE.retries) {
    remarks.note(
      statement.line,
      `retries ${retries}: fewer than chargehand's ${BUILT_IN_SERVICE.retries} would only make clients fail earlier`,
    );
  }
  return {};
}

export function limitsOf(front: ProxySection, servers: readonly Server[], remarks: Remarks): RawService {
  const frontend = last(front, 'maxconn');
  if (frontend !== undefined) {
    remarks.grouped(
      'HAProxy lets more sessions wait, chargehand would refuse them, so it is not carried over: max_sessions sets a limit, the standard one follows from the descriptor limit',
      frontend.line,
      `maxconn ${frontend.words[1]}`,
    );
  }
  const max = agreed(servers, 'maxconn', remarks);
  const queue = agreed(servers, 'maxqueue', remarks);
  for (const { line, settings } of servers) {
    if (settings.has('minconn')) remarks.lost(line, 'minconn: a limit that moves with the load has no counterpart');
  }
  return {
    ...(max > 0 ? { max_sessions_per_backend: max } : {}),
    // In HAProxy, 0 is no bound for the queue.
    ...(max > 0 && queue > 0 ? { queue: Math.min(1_000_000, queue * servers.length) } : {}),
  };
}

/** 0: none. Where they differ, the smallest. */
function agreed(servers: readonly Server[], setting: string, remarks: Remarks): number {
  const values = servers
    .map(({ settings }) => Number(settings.get(setting) ?? 0))
    .map((n) => (Number.isInteger(n) ? n : 0));
  const [first = 0] = values;
  const odd = servers.find((_, i) => values[i] !== first);
  if (odd === undefined) return Math.min(first, 10_000_000);
  const some = Math.min(...values.filter((value) => value > 0), 10_000_000);
  remarks.lost(odd.line, `${setting} differs from server to server: ${some} was written for all`);
  return some;
}
