// What HAProxy counts and chargehand itself has no use for: by service and by server. Listens to what happens, and looks at
// the plain counts of the services once a second for the rates. Kept only where somebody asks in HAProxy's words.

import type { AdminState } from '../../core/backend.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import type { HealthFlip, Observer } from '../../core/events.ts';
import type { SessionRecord } from '../../core/session-record.ts';
import { Average } from './average.ts';
import { ChangeClock } from './change-clock.ts';
import { CheckReport } from './check-report.ts';
import { Rate } from './rate.ts';
import { hasUsable, type ShownService, serversOf } from './shown-service.ts';

/** What a service's pool and a server both have. */
class SideCounts {
  connectionErrors = 0;
  responseErrors = 0;
  retries = 0;
  redispatches = 0;
  clientAborts = 0;
  serverAborts = 0;
  internalErrors = 0;
  readonly queueTime = new Average();
  readonly connectTime = new Average();
  readonly totalTime = new Average();
  /** Of sessions. */
  readonly rate: Rate;
  readonly state: ChangeClock;

  constructor(clock: Clock, total: number, down: boolean) {
    this.rate = new Rate(total);
    this.state = new ChangeClock(clock, down);
  }

  /** A session that had reached this side has ended. */
  ended({ flags, queueMs, dialMs, durationMs, end, local }: SessionRecord): void {
    const [who, where] = flags;
    if (end === 'internal') this.internalErrors++;
    if (who === 'C' || who === 'c') this.clientAborts++;
    if ((who === 'S' || who === 's') && where === 'D') this.serverAborts++;
    if (end === 'backend-reset' || end === 'handshake-failed') this.responseErrors++;
    if (local === undefined) return;
    this.queueTime.add(Math.max(0, queueMs));
    this.connectTime.add(Math.max(0, dialMs));
    this.totalTime.add(durationMs);
  }
}

export class ServerCounts extends SideCounts {
  readonly check = new CheckReport();
}

export class ServiceCounts extends SideCounts {
  denied = 0;
  requestErrors = 0;
  /** Over a limit that is not the client's own. */
  refused = 0;
  readonly accepted: Rate;
  readonly servers = new Map<string, ServerCounts>();

  constructor(clock: Clock, service: ShownService | undefined) {
    super(clock, service?.traffic.admitted.total ?? 0, service !== undefined && !hasUsable(service));
    this.accepted = new Rate(service?.traffic.accepted ?? 0);
  }
}

const LOOK_MS = 1000;

export class HaproxyCounts implements Observer {
  readonly #clock: Clock;
  readonly #services: () => readonly ShownService[];
  readonly #counts = new Map<string, ServiceCounts>();
  readonly startedAt: number;
  /** Of the process. */
  readonly connections: Rate;
  readonly bytesOut: Rate;
  #timer: Timer | undefined;
  #lookedAt: number;

  constructor(options: { readonly clock: Clock; readonly services: () => readonly ShownService[] }) {
    this.#clock = options.clock;
    this.#services = options.services;
    this.startedAt = this.#clock.now();
    this.#lookedAt = this.startedAt;
    const services = this.#services();
    this.connections = new Rate(accepted(services));
    this.bytesOut = new Rate(bytesOut(services));
  }

  start(): void {
    this.#timer ??= this.#clock.every(LOOK_MS, () => this.look());
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Of a service that there is, or was a moment ago. */
  of(service: string): ServiceCounts {
    let counts = this.#counts.get(service);
    if (counts === undefined) {
      counts = new ServiceCounts(this.#clock, this.#find(service));
      this.#counts.set(service, counts);
    }
    return counts;
  }

  server(service: string, node: string): ServerCounts {
    const { servers } = this.of(service);
    let counts = servers.get(node);
    if (counts === undefined) {
      const backend = this.#find(service)?.pool.backends.find((b) => b.node === node && !b.removed);
      const down = backend?.health === 'down' || backend?.admin === 'maint';
      counts = new ServerCounts(this.#clock, 0, down);
      servers.set(node, counts);
    }
    return counts;
  }

  /** Sees how far the counts have come, and forgets what is no longer there. */
  look(): void {
    const now = this.#clock.now();
    const seconds = (now - this.#lookedAt) / 1000;
    this.#lookedAt = now;
    const services = this.#services();
    this.connections.look(accepted(services), seconds, now);
    this.bytesOut.look(bytesOut(services), seconds, now);
    for (const service of services) {
      const counts = this.of(service.name);
      counts.accepted.look(service.traffic.accepted, seconds, now);
      counts.rate.look(service.traffic.admitted.total, seconds, now);
      const servers = serversOf(service);
      for (const { node, dials } of servers) this.server(service.name, node).rate.look(dials, seconds, now);
      for (const node of counts.servers.keys()) if (!servers.some((b) => b.node === node)) counts.servers.delete(node);
      counts.state.set(!hasUsable(service));
    }
    for (const name of this.#counts.keys()) if (!services.some((s) => s.name === name)) this.#counts.delete(name);
  }

  sessionEnded(record: SessionRecord): void {
    const { service, node, flags, end } = record;
    const counts = this.of(service);
    if (flags === 'PC') counts.denied++;
    else if (end === 'refused') counts.refused++;
    if (flags[1] === 'R' && flags[0] !== 'I') counts.requestErrors++;
    if (end === 'denied' || end === 'refused' || end === 'bad-proxy-header') return;
    counts.ended(record);
    const server = node === undefined ? undefined : this.server(service, node);
    server?.ended(record);
    if (end === 'no-backend' || end === 'queue-timeout') counts.connectionErrors++;
    if (end === 'dial-failed' || end === 'dial-timeout') {
      counts.connectionErrors++;
      if (server !== undefined) server.connectionErrors++;
    }
  }

  retried(service: string, node: string, again: boolean): void {
    for (const counts of [this.of(service), this.server(service, node)]) {
      if (again) counts.retries++;
      else counts.redispatches++;
    }
  }

  probed(service: string, node: string, seconds: number, failure: string | undefined): void {
    this.server(service, node).check.add(seconds, failure);
  }

  healthFlipped({ service, node, to }: HealthFlip): void {
    this.#changed(service, node, to === 'down');
  }

  adminChanged(service: string, node: string, state: AdminState): void {
    const backend = this.#find(service)?.pool.backends.find((b) => b.node === node && !b.removed);
    this.#changed(service, node, state === 'maint' || backend?.health === 'down');
  }

  #changed(service: string, node: string, down: boolean): void {
    this.server(service, node).state.set(down, true);
    const whole = this.#find(service);
    if (whole !== undefined) this.of(service).state.set(!hasUsable(whole));
  }

  #find(service: string): ShownService | undefined {
    return this.#services().find(({ name }) => name === service);
  }
}

function accepted(services: readonly ShownService[]): number {
  return services.reduce((sum, { traffic }) => sum + traffic.accepted, 0);
}

/** To clients, by all services. */
export function bytesOut(services: readonly ShownService[]): number {
  return services.reduce((sum, { pool }) => sum + pool.backends.reduce((of, one) => of + one.bytesOut, 0), 0);
}
