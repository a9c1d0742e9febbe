// The answer to `status`: how everything stands, as plain values whose names and types stay (config/status-schema.json is
// their schema). Owns the names; collects nothing by itself.

import { resolve } from 'node:path';
import type { Config } from '../config/config.ts';
import type { Word } from '../core/admin-state.ts';
import type { AdminState } from '../core/backend.ts';
import type { Health } from '../core/health.ts';
import type { BackendSnapshot, ServiceSnapshot } from '../core/status.ts';
import type { Point } from '../observe/history.ts';

/** Whose word counts, and since when (ISO time; null: since the process started or the file was loaded). */
export interface Origin {
  readonly origin: 'file' | 'operator';
  readonly since: string | null;
}

export interface RateAnswer {
  readonly sessions_per_second: number;
  readonly bytes_in_per_second: number;
  readonly bytes_out_per_second: number;
}

export interface BackendAnswer extends RateAnswer {
  readonly node: string;
  /** `ip:port`; null: its name was not resolved yet. */
  readonly address: string | null;
  readonly health: Health;
  /** Since when its health is what it is. */
  readonly since: string;
  /** Why it is down; else empty. */
  readonly reason: string;
  /** What its health check has to say besides: a change under way, held down, kept although slow. */
  readonly note: string;
  readonly findings: readonly string[];
  /** `ends`: when the sessions left are ended; null: they end by themselves. */
  readonly admin: Origin & { readonly state: AdminState; readonly ends: string | null };
  readonly weight: Origin & { readonly value: number };
  readonly sessions: number;
  readonly queued: number;
  readonly bytes_in: number;
  readonly bytes_out: number;
}

export interface ServiceAnswer extends RateAnswer {
  readonly service: string;
  readonly listen: readonly string[];
  readonly strategy: string;
  /** Running, those without a backend yet included; at most so many at once. */
  readonly sessions: number;
  readonly limit: number;
  readonly waiting: number;
  readonly queued: number;
  readonly failing_open: boolean;
  readonly pinned: { readonly node: string; readonly up: boolean } | null;
  readonly backends: readonly BackendAnswer[];
}

/** A reload that was refused, when, and why: a line each. */
export interface Refusal {
  readonly at: string;
  readonly problems: readonly string[];
}

export interface StatusAnswer {
  /** Of this shape: 1. */
  readonly format: 1;
  readonly at: string;
  readonly program: {
    readonly version: string;
    readonly started: string;
    readonly relay: { readonly kind: string; readonly threads: number };
    /** The process that handed over to this one, while it still finishes sessions, which are not counted here; null: none. */
    readonly predecessor: number | null;
  };
  readonly config: {
    /** Absolute: whoever asks stands in another folder. */
    readonly file: string;
    readonly profile: string | null;
    readonly name: string | null;
    readonly ca_node: string | null;
    /** The last reload, when it did not take the file: why. What runs is the file before. null: it did, or there was none. */
    readonly refused: Refusal | null;
  };
  readonly sessions: { readonly running: number; readonly limit: number };
  readonly services: readonly ServiceAnswer[];
}

export interface Standing {
  readonly program: StatusAnswer['program'];
  readonly config: Config;
  readonly refused: Refusal | null;
  readonly services: readonly ServiceSnapshot[];
  readonly sessions: { readonly size: number; readonly limit: number };
  /** Now, milliseconds since 1970. */
  readonly wall: number;
  /** What was measured last, newest last; without a node the whole service. */
  points(service: string, node?: string): readonly Point[];
  word(service: string, node: string): Word<AdminState> | undefined;
  weightWord(service: string, node: string): Word<number> | undefined;
  endsAt(service: string, node: string): number | undefined;
}

/** Four times three seconds. */
const RATE_POINTS = 4;

export function statusAnswer(standing: Standing): StatusAnswer {
  const { program, config, refused, services, sessions, wall } = standing;
  return {
    format: 1,
    at: iso(wall),
    program,
    config: {
      file: resolve(config.file),
      profile: config.profile ?? null,
      name: config.name ?? null,
      ca_node: config.caNode ?? null,
      refused,
    },
    sessions: { running: sessions.size, limit: sessions.limit },
    services: services.map((service) => serviceAnswer(service, standing)),
  };
}

function serviceAnswer(snapshot: ServiceSnapshot, standing: Standing): ServiceAnswer {
  const { service } = snapshot;
  return {
    service,
    listen: snapshot.listen,
    strategy: snapshot.strategy,
    sessions: snapshot.waiting + snapshot.backends.reduce((total, { active }) => total + active, 0),
    limit: snapshot.limit,
    waiting: snapshot.waiting,
    queued: snapshot.queued,
    failing_open: snapshot.failingOpen,
    pinned: snapshot.pinned ?? null,
    ...rateAnswer(standing.points(service)),
    backends: snapshot.backends.map((backend) => backendAnswer(service, backend, standing)),
  };
}

function backendAnswer(service: string, backend: BackendSnapshot, standing: Standing): BackendAnswer {
  const { node } = backend;
  const ends = standing.endsAt(service, node);
  return {
    node,
    address: backend.address ?? null,
    health: backend.health,
    since: iso(backend.since),
    reason: backend.reason,
    note: backend.note,
    findings: backend.findings,
    admin: {
      state: backend.admin,
      ...originOf(standing.word(service, node)),
      ends: ends === undefined ? null : iso(ends),
    },
    weight: { value: backend.weight, ...originOf(standing.weightWord(service, node)) },
    sessions: backend.active,
    queued: backend.queued,
    bytes_in: backend.bytesIn,
    bytes_out: backend.bytesOut,
    ...rateAnswer(standing.points(service, node)),
  };
}

function originOf(word: Word<unknown> | undefined): Origin {
  return word === undefined ? { origin: 'file', since: null } : { origin: 'operator', since: iso(word.since) };
}

/** The mean of the last seconds. */
function rateAnswer(points: readonly Point[]): RateAnswer {
  const last = points.slice(-RATE_POINTS);
  const mean = (of: (point: Point) => number): number =>
    last.reduce((sum, point) => sum + of(point), 0) / Math.max(1, last.length);
  return {
    sessions_per_second: Math.round(mean(([, rate]) => rate) * 10) / 10,
    bytes_in_per_second: Math.round(mean(([, , bytesIn]) => bytesIn)),
    bytes_out_per_second: Math.round(mean(([, , , bytesOut]) => bytesOut)),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
