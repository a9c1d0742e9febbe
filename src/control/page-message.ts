// What the read-only port tells the page, as plain values: the shapes that web/ reads, and how they are filled. The page
// gets no more than stands here.

import ipaddr from 'ipaddr.js';
import type { ServiceSnapshot } from '../core/status.ts';
import { type History, type Point, type RecentEnd, SAMPLE_MS } from '../observe/history.ts';

/** Facts of the process that don't change while it runs. */
export interface PageFacts {
  /** The file's `name`, or this machine's. */
  readonly name: string;
  readonly version: string;
  /** When the process started, milliseconds since 1970: another one is another process. */
  readonly startedAt: number;
}

export interface PageBackend {
  readonly node: string;
  readonly address: string | undefined;
  readonly health: 'up' | 'down';
  readonly admin: 'ready' | 'drain' | 'maint';
  readonly queued: number;
  readonly weight: number;
  readonly reason: string;
  readonly note: string;
  readonly findings: readonly string[];
  readonly since: number;
  readonly point: Point;
}

export interface PageService {
  readonly service: string;
  readonly limit: number;
  readonly queued: number;
  readonly failingOpen: boolean;
  readonly strategy: string;
  readonly listen: readonly string[];
  readonly pinned: string | undefined;
  readonly backends: readonly PageBackend[];
  readonly point: Point;
}

export interface PageEnd {
  readonly number: number;
  readonly service: string;
  readonly client: string;
  readonly node: string;
  readonly end: string;
  readonly endedBy: string;
  readonly endedAt: number;
  readonly durationMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly retries: number;
}

/** One message of the event stream: everything but the past. */
export interface PageMessage extends PageFacts {
  readonly at: number;
  /** The number of the last sample; the next message has the next one. */
  readonly tick: number;
  readonly sampleMs: number;
  /** Empty: new sessions are welcome. */
  readonly notReady: string;
  readonly services: readonly PageService[];
  /** Newest first. */
  readonly ends: readonly PageEnd[];
}

/** The answer of /history.json: the points up to `tick`, by service; with `?node=`, that node's. */
export interface PageHistory {
  readonly startedAt: number;
  readonly tick: number;
  readonly services: Readonly<Record<string, readonly Point[]>>;
}

export interface PageSources {
  readonly facts: PageFacts;
  readonly history: History;
  readonly ready: () => { readonly ready: boolean; readonly reason: string };
  readonly wall: () => number;
  /** Whether clients are shown by their whole address, or by their network only. */
  readonly wholeClients: boolean;
}

export function pageMessage(from: PageSources): PageMessage {
  const { history } = from;
  const { ready, reason } = from.ready();
  return {
    ...from.facts,
    at: from.wall(),
    tick: history.tick,
    sampleMs: SAMPLE_MS,
    notReady: ready ? '' : reason,
    services: history.services.map((service) => pageService(service, history)),
    ends: history.ends.map((end) => pageEnd(end, from.wholeClients)).reverse(),
  };
}

export function pageHistory({ facts, history }: PageSources, node: string | undefined): PageHistory {
  const services: Record<string, readonly Point[]> = {};
  for (const { service, backends } of history.services) {
    if (node === undefined) services[service] = history.points(service);
    else if (backends.some((backend) => backend.node === node)) services[service] = history.points(service, node);
  }
  return { startedAt: facts.startedAt, tick: history.tick, services };
}

function pageService(from: ServiceSnapshot, history: History): PageService {
  const { service, limit, queued, failingOpen, strategy, listen } = from;
  const backends = from.backends.map(
    ({ node, address, health, admin, queued, weight, reason, note, findings, since }): PageBackend => {
      const point = history.last(service, node);
      return { node, address, health, admin, queued, weight, reason, note, findings, since, point };
    },
  );
  const point = history.last(service);
  return { service, limit, queued, failingOpen, strategy, listen, pinned: from.pinned?.node, backends, point };
}

function pageEnd({ number, record }: RecentEnd, wholeClients: boolean): PageEnd {
  return {
    number,
    service: record.service,
    client: wholeClients ? record.client : clientNetwork(record.client),
    node: record.node ?? '',
    end: record.end,
    endedBy: record.endedBy,
    endedAt: Math.round(record.acceptedAt + record.durationMs),
    durationMs: Math.round(record.durationMs),
    bytesIn: record.bytesIn,
    bytesOut: record.bytesOut,
    retries: record.retries,
  };
}

/** `192.0.2.50:51234` → `192.0.2.0/24`; IPv6 → its /64: what is shown to whoever may open the port. */
export function clientNetwork(client: string): string {
  const host = /^\[(.*)\]:\d+$|^(.*):\d+$/.exec(client);
  const address = host?.[1] ?? host?.[2] ?? '';
  if (ipaddr.IPv4.isValidFourPartDecimal(address)) {
    return `${ipaddr.IPv4.networkAddressFromCIDR(`${address}/24`).toString()}/24`;
  }
  if (ipaddr.IPv6.isValid(address)) return `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/64`).toString()}/64`;
  return '';
}
