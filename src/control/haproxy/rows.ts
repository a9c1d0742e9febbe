// The rows of HAProxy's statistics out of what runs and what was counted: for each service its frontend, its servers and its
// backend, with a value for every column that applies. In which form they are told is formats.ts's.

import { formatHostPort } from '../../core/address.ts';
import type { Clock } from '../../core/clock.ts';
import type { Backend } from '../../core/pool.ts';
import type { Average } from './average.ts';
import { CHECK_STATUSES, checkStatus } from './check-report.ts';
import type { Column, Kind } from './columns.ts';
import type { HaproxyCounts, ServerCounts, ServiceCounts } from './counts.ts';
import type { Rate } from './rate.ts';
import { serverStatus } from './server-words.ts';
import { hasUsable, isUsable, type ShownService, serversOf } from './shown-service.ts';

export type Value = string | number;

export interface Row {
  readonly kind: Kind;
  /** The proxy's number: 1 is HAProxy's own, services begin at 2, in the order of the file. */
  readonly iid: number;
  /** The server's within it, from 1; 0: frontend or backend. */
  readonly sid: number;
  /** What is not in it is empty. */
  readonly values: Readonly<Partial<Record<Column, Value | undefined>>>;
}

export interface RowSources {
  readonly services: readonly ShownService[];
  readonly counts: HaproxyCounts;
  readonly clock: Clock;
  /** The weight it has to a user of HAProxy: 0 where that was wished. */
  weight(service: string, backend: Backend): number;
  /** What its health check has to say besides being down. */
  note(service: string, node: string): string;
}

export const FIRST_PROXY = 2;
const TYPES = { F: 0, B: 1, S: 2 } as const;

export function rowsOf(from: RowSources): readonly Row[] {
  return from.services.flatMap((service, place) => {
    const iid = FIRST_PROXY + place;
    const servers = serversOf(service);
    return [
      frontendRow(service, iid, from),
      ...servers.map((backend, i) => serverRow(service, backend, iid, i + 1, from)),
      backendRow(service, servers, iid, from),
    ];
  });
}

/** What all rows begin with. */
function keys(kind: Kind, service: ShownService, svname: string, iid: number, sid: number) {
  return { pxname: service.name, svname, pid: 1, iid, sid, type: TYPES[kind], mode: 'tcp' };
}

/** Bytes of all servers, those too that a reload removed. */
function bytes(backends: readonly Backend[]) {
  const bytesIn = backends.reduce((sum, backend) => sum + backend.bytesIn, 0);
  const bytesOut = backends.reduce((sum, backend) => sum + backend.bytesOut, 0);
  return { bin: bytesIn, bout: bytesOut, reqbin: bytesIn, reqbout: bytesIn, resbin: bytesOut, resbout: bytesOut };
}

/** What can only be 0 without HTTP, compression and connections that are used again. */
const NEVER_HERE = { dresp: 0, wrew: 0 };
const NO_COMPRESSION = { comp_in: 0, comp_out: 0, comp_byp: 0, comp_rsp: 0 };
const NO_HTTP = {
  req_rate: 0,
  req_rate_max: 0,
  req_tot: 0,
  h1sess: 0,
  h2sess: 0,
  h3sess: 0,
  req_other: 0,
  h1req: 0,
  h2req: 0,
  h3req: 0,
};

/** What HAProxy leaves empty of a server that nobody checks. */
const UNCHECKED = { chkdown: undefined, downtime: undefined };

function frontendRow(service: ShownService, iid: number, { counts }: RowSources): Row {
  const { traffic, limit, size } = service;
  const own = counts.of(service.name);
  const sessions = traffic.accepted - own.denied;
  const values = {
    ...keys('F', service, 'FRONTEND', iid, 0),
    ...bytes(service.pool.backends),
    ...NEVER_HERE,
    ...NO_COMPRESSION,
    ...NO_HTTP,
    scur: size,
    smax: traffic.mostSessions,
    slim: limit,
    stot: sessions,
    sess_other: sessions,
    dreq: 0,
    ereq: own.requestErrors,
    status: service.bound.length > 0 ? 'OPEN' : 'STOP',
    rate: own.accepted.now,
    rate_lim: 0,
    rate_max: own.accepted.most,
    conn_rate: own.accepted.now,
    conn_rate_max: own.accepted.most,
    conn_tot: traffic.accepted,
    dcon: own.denied,
    dses: 0,
    eint: own.internalErrors + own.refused,
  };
  return { kind: 'F', iid, sid: 0, values };
}

function backendRow(service: ShownService, servers: readonly Backend[], iid: number, from: RowSources): Row {
  const { counts, clock } = from;
  const { traffic, queue, config } = service;
  const own = counts.of(service.name);
  const usable = servers.filter(isUsable);
  const active = usable.filter((backend) => !backend.spec.backup);
  const weight = (active.length > 0 ? active : usable).reduce((sum, b) => sum + from.weight(service.name, b), 0);
  const loadBalanced = servers.reduce((sum, { dials }) => sum + dials, 0) - own.retries;
  const values = {
    ...keys('B', service, 'BACKEND', iid, 0),
    ...bytes(service.pool.backends),
    ...NEVER_HERE,
    ...NO_COMPRESSION,
    ...sideValues(own, clock),
    qcur: queue.now,
    qmax: queue.most,
    scur: traffic.admitted.now,
    smax: traffic.admitted.most,
    slim: service.limit,
    stot: traffic.admitted.total,
    dreq: 0,
    status: hasUsable(service) ? 'UP' : 'DOWN',
    weight,
    uweight: weight,
    act: active.length,
    bck: usable.length - active.length,
    lbtot: Math.max(0, loadBalanced),
    connect: servers.reduce((sum, { dials }) => sum + dials, 0),
    algo: config.balance.strategy,
    agg_server_status: 0,
    agg_server_check_status: 0,
    agg_check_status: 0,
  };
  return { kind: 'B', iid, sid: 0, values };
}

function serverRow(service: ShownService, backend: Backend, iid: number, sid: number, from: RowSources): Row {
  const { counts, clock } = from;
  const { maxSessionsPerBackend: limit, queue, slowStartMs } = service.config;
  const own = counts.server(service.name, backend.node);
  const starting = slowStartMs > 0 && backend.weight < backend.spec.weight;
  const weight = from.weight(service.name, backend);
  const values = {
    ...keys('S', service, backend.node, iid, sid),
    ...bytes([backend]),
    ...NEVER_HERE,
    ...sideValues(own, clock),
    ...(service.config.health === false ? UNCHECKED : {}),
    ...checkValues(service, backend, own, from),
    qcur: backend.queued,
    qmax: backend.mostQueued,
    scur: backend.active,
    smax: backend.mostActive,
    ...(limit === undefined ? {} : { slim: limit, qlimit: queue }),
    stot: backend.dials,
    weight: starting ? Math.ceil(Math.min(weight, backend.weight)) : weight,
    uweight: weight,
    act: backend.spec.backup ? 0 : 1,
    bck: backend.spec.backup ? 1 : 0,
    ...(starting ? { throttle: Math.max(1, Math.floor((100 * backend.weight) / backend.spec.weight)) } : {}),
    lbtot: Math.max(0, backend.dials - own.retries),
    connect: backend.dials,
    ...(backend.address === undefined ? {} : { addr: formatHostPort(backend.address, portOf(service, backend)) }),
    srid: 0,
    srv_icur: 0,
    idle_conn_cur: 0,
    safe_conn_cur: 0,
    priv_idle_cur: 0,
    used_conn_cur: backend.active,
    need_conn_est: backend.active,
  };
  return { kind: 'S', iid, sid, values };
}

function checkValues(service: ShownService, backend: Backend, own: ServerCounts, from: RowSources) {
  const { health } = service.config;
  if (health === false) return { status: serverStatus(backend, false, 0) };
  const { check } = own;
  const level = check.level(backend.health, health);
  const status = { status: serverStatus(backend, health, level), chkfail: check.failures };
  const thresholds = { check_rise: health.rise, check_fall: health.fall, check_health: level };
  if (check.seconds === undefined) {
    return { ...status, ...thresholds, check_status: 'INI', check_desc: 'Initializing', last_chk: '' };
  }
  const word = checkStatus(health.type, check.failure);
  return {
    ...status,
    ...thresholds,
    check_status: word,
    check_desc: CHECK_STATUSES[word],
    check_duration: Math.round(check.seconds * 1000),
    last_chk: backend.reason === '' ? from.note(service.name, backend.node) : backend.reason,
  };
}

function sideValues(own: ServerCounts | ServiceCounts, clock: Clock) {
  return {
    econ: own.connectionErrors,
    eresp: own.responseErrors,
    wretr: own.retries,
    wredis: own.redispatches,
    cli_abrt: own.clientAborts,
    srv_abrt: own.serverAborts,
    eint: own.internalErrors,
    chkdown: own.state.downs,
    lastchg: own.state.sinceSeconds,
    downtime: own.state.downSeconds,
    rate: own.rate.now,
    rate_max: own.rate.most,
    lastsess: lastSession(own.rate, clock),
    ...times('q', own.queueTime),
    ...times('c', own.connectTime),
    ...times('r', undefined),
    ...times('t', own.totalTime),
    reuse: 0,
  };
}

function lastSession({ movedAt }: Rate, clock: Clock): number {
  return movedAt === undefined ? -1 : Math.floor((clock.now() - movedAt) / 1000);
}

/** The response time is HTTP's: 0. */
function times<L extends 'q' | 'c' | 'r' | 't'>(letter: L, average: Average | undefined) {
  return { [`${letter}time`]: average?.mean ?? 0, [`${letter}time_max`]: average?.most ?? 0 };
}

export function portOf(service: ShownService, backend: Backend): number {
  return backend.spec.port ?? service.bound[0]?.port ?? 0;
}
