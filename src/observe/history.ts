// What the status page shows beside the moment: sessions, rates and bytes over the last minutes, and the last ends of
// sessions. Two bounded rings, kept in the process; nothing is written anywhere. It counts and forgets, and judges nothing.

import type { Clock, Timer } from '../core/clock.ts';
import type { Observer } from '../core/events.ts';
import type { SessionRecord } from '../core/session-record.ts';
import type { BackendSnapshot, ServiceSnapshot } from '../core/status.ts';
import { oneOfEachName } from './one-of-each-name.ts';

/** One moment: sessions that run, new sessions a second, bytes a second from and to clients. */
export type Point = readonly [sessions: number, rate: number, bytesIn: number, bytesOut: number];

/** An end that the page lists, with a number that only grows. */
export interface RecentEnd {
  readonly number: number;
  readonly record: SessionRecord;
}

export interface HistoryOptions {
  readonly clock: Clock;
  readonly snapshot: () => readonly ServiceSnapshot[];
}

export const SAMPLE_MS = 3000;
/** Ten minutes. */
export const SAMPLES = 200;
export const RECENT_ENDS = 100;
const NOTHING: Point = [0, 0, 0, 0];

export class History implements Observer {
  readonly #options: HistoryOptions;
  /** Service → node → its points, oldest first; the empty node is the service as a whole. */
  readonly #series = new Map<string, Map<string, Series>>();
  /** Ended sessions since the last sample, by service and node (empty: none was tried). */
  readonly #ended = new Map<string, Map<string, number>>();
  readonly #ends: RecentEnd[] = [];
  readonly #listeners = new Set<() => void>();
  #number = 0;
  #tick = 0;
  #sampledAt: number;
  #last: readonly ServiceSnapshot[] = [];
  #timer: Timer | undefined;

  constructor(options: HistoryOptions) {
    this.#options = options;
    this.#sampledAt = options.clock.now();
  }

  /** Samples now, and from then on every SAMPLE_MS. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.sample();
    this.#timer = this.#options.clock.every(SAMPLE_MS, () => this.sample());
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  sessionEnded(record: SessionRecord): void {
    this.#ends.push({ number: ++this.#number, record });
    if (this.#ends.length > RECENT_ENDS) this.#ends.shift();
    let nodes = this.#ended.get(record.service);
    if (nodes === undefined) {
      nodes = new Map();
      this.#ended.set(record.service, nodes);
    }
    const node = record.node ?? '';
    nodes.set(node, (nodes.get(node) ?? 0) + 1);
  }

  /** Samples taken since the start. */
  get tick(): number {
    return this.#tick;
  }

  /** The services as the last sample saw them. */
  get services(): readonly ServiceSnapshot[] {
    return this.#last;
  }

  /** Newest last. */
  get ends(): readonly RecentEnd[] {
    return this.#ends;
  }

  /** The points of one backend, or of a whole service, oldest first; as many as there are. */
  points(service: string, node = ''): readonly Point[] {
    return this.#series.get(service)?.get(node)?.points() ?? [];
  }

  last(service: string, node = ''): Point {
    return this.#series.get(service)?.get(node)?.last ?? NOTHING;
  }

  /** Calls `listener` after every sample. Answers with what ends that. */
  onSample(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  sample(): void {
    const now = this.#options.clock.now();
    const seconds = Math.max(0.001, (now - this.#sampledAt) / 1000);
    const services = oneOfEachName(this.#options.snapshot());
    const before = new Map(this.#last.map((service) => [service.service, service]));
    for (const service of services) this.#add(service, before.get(service.service), seconds);
    const names = new Set(services.map(({ service }) => service));
    for (const name of this.#series.keys()) if (!names.has(name)) this.#series.delete(name);
    this.#ended.clear();
    this.#sampledAt = now;
    this.#last = services;
    this.#tick++;
    for (const listener of this.#listeners) listener();
  }

  #add(service: ServiceSnapshot, before: ServiceSnapshot | undefined, seconds: number): void {
    const series = this.#series.get(service.service) ?? new Map<string, Series>();
    this.#series.set(service.service, series);
    const earlier = new Map(before?.backends.map((backend) => [backend.node, backend]));
    const ended = this.#ended.get(service.service);
    // What is seen for the first time is where counting begins: it brings no sessions and no bytes of an earlier life.
    const whole = { sessions: service.waiting, began: service.waiting - (before ?? service).waiting, in: 0, out: 0 };
    whole.began += ended?.get('') ?? 0;
    const nodes = new Set(['']);
    for (const backend of service.backends) {
      const one = moved(backend, earlier.get(backend.node) ?? backend, ended?.get(backend.node) ?? 0);
      whole.sessions += one.sessions;
      whole.began += one.began;
      whole.in += one.in;
      whole.out += one.out;
      nodes.add(backend.node);
      push(series, backend.node, one, seconds);
    }
    push(series, '', whole, seconds);
    for (const node of series.keys()) if (!nodes.has(node)) series.delete(node);
  }
}

interface Moved {
  readonly sessions: number;
  /** Sessions that began: those that run now and didn't, and those that have ended meanwhile. */
  readonly began: number;
  readonly in: number;
  readonly out: number;
}

function moved(now: BackendSnapshot, before: BackendSnapshot, ended: number): Moved {
  return {
    sessions: now.active,
    began: now.active - before.active + ended,
    in: now.bytesIn - before.bytesIn,
    out: now.bytesOut - before.bytesOut,
  };
}

function push(series: Map<string, Series>, node: string, by: Moved, seconds: number): void {
  let one = series.get(node);
  if (one === undefined) {
    one = new Series();
    series.set(node, one);
  }
  const rate = (count: number): number => Math.max(0, count) / seconds;
  one.push([by.sessions, rate(by.began), rate(by.in), rate(by.out)]);
}

/** The last SAMPLES points, four numbers each, in one array of plain floats. */
class Series {
  readonly #numbers = new Float32Array(SAMPLES * 4);
  #count = 0;

  get last(): Point {
    return this.#count === 0 ? NOTHING : this.#at(this.#count - 1);
  }

  push(point: Point): void {
    this.#numbers.set(point, (this.#count % SAMPLES) * 4);
    this.#count++;
  }

  points(): readonly Point[] {
    const length = Math.min(this.#count, SAMPLES);
    return Array.from({ length }, (_, i) => this.#at(this.#count - length + i));
  }

  #at(index: number): Point {
    const at = (index % SAMPLES) * 4;
    const [a = 0, b = 0, c = 0, d = 0] = this.#numbers.subarray(at, at + 4);
    return [Math.round(a), round(b), Math.round(c), Math.round(d)];
  }
}

/** Two digits after the point: a session a minute on a service is worth seeing. */
function round(rate: number): number {
  return Math.round(rate * 100) / 100;
}
