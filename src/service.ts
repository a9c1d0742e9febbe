// One service: its listeners, pool, balancer and health checks, and the host of its sessions. Builds them, starts them,
// stops them; the rules themselves stand in the rooms below.

import type { Balancer } from './balancer/balancer.ts';
import { createBalancer } from './balancer/strategies.ts';
import type { ListenAddress, ServiceConfig } from './config/config.ts';
import { type CidrMatcher, canonicalAddress, cidrMatcher, formatHostPort } from './core/address.ts';
import { Admission } from './core/admission.ts';
import { Blame } from './core/blame.ts';
import type { Clock } from './core/clock.ts';
import type { Observer } from './core/events.ts';
import { type Backend, Pool } from './core/pool.ts';
import type { ServiceSnapshot } from './core/status.ts';
import { type Waiting, WaitQueue } from './core/wait-queue.ts';
import { type DialError, ListenError } from './errors.ts';
import type { Checkers } from './health/checkers.ts';
import { HealthWatch } from './health/health-watch.ts';
import type { Connection } from './net/connection.ts';
import { formatListenAddress, Listener } from './net/listener.ts';
import { probePreamble } from './net/proxy-preamble.ts';
import type { StartRelay } from './net/relay.ts';
import { Session } from './net/session.ts';
import type { Choice, SessionHost, Admission as Verdict } from './net/session-host.ts';
import type { Endpoint } from './net/session-stage.ts';
import type { SessionTable } from './net/session-table.ts';
import type { SocketWay } from './net/socket-way.ts';

export interface ServiceTools {
  readonly clock: Clock;
  readonly observer: Required<Observer>;
  readonly sessions: SessionTable;
  readonly checkers: Checkers;
  readonly startRelay: StartRelay;
  readonly sockets: SocketWay;
  /** Descriptors that systemd passed, by name. */
  readonly systemdSockets: ReadonlyMap<string, number>;
}

/** Sessions in handshake failover at once: this many, or this part of the service's sessions if that is more. */
const FAILOVERS = 10;
const FAILOVER_SHARE = 0.2;
/** Where the service sets no limit of its own: this part of the process's. */
const SERVICE_SHARE = 0.75;

export class Service implements SessionHost {
  readonly config: ServiceConfig;
  readonly clock: Clock;
  readonly observer: Required<Observer>;
  readonly startRelay: StartRelay;
  readonly sockets: SocketWay;
  readonly pool: Pool;
  readonly #tools: ServiceTools;
  readonly #listeners: readonly Listener[];
  readonly #balancer: Balancer;
  readonly #queue: WaitQueue;
  readonly #admission: Admission;
  readonly #blame: Blame;
  readonly #mustSendHeader: CidrMatcher;
  readonly #watch: HealthWatch;
  readonly #sticky: boolean;
  #sessions = 0;
  #failovers = 0;

  constructor(config: ServiceConfig, tools: ServiceTools) {
    const { clock } = tools;
    this.config = config;
    this.clock = clock;
    this.observer = tools.observer;
    this.startRelay = tools.startRelay;
    this.sockets = tools.sockets;
    this.#tools = tools;
    const pinnedNode = config.balance.strategy === 'pinned' ? config.balance.node : undefined;
    // Only `bound` lets a client leave a node of its own because that one is full.
    const bounded = config.balance.strategy === 'source' && config.balance.hash.bound !== undefined;
    this.#sticky = (config.balance.strategy === 'source' && !bounded) || pinnedNode !== undefined;
    this.pool = new Pool(
      config.backends,
      {
        whenAllDown: config.whenAllDown,
        pinnedNode,
        slowStartMs: config.slowStartMs,
        maxPerBackend: config.maxSessionsPerBackend,
      },
      clock,
    );
    this.#balancer = createBalancer(config.balance, config.backends);
    this.#queue = new WaitQueue(config.queue);
    this.#admission = new Admission(
      { allow: config.allow, deny: config.deny, maxSessions: config.maxSessionsPerClient, rate: config.ratePerClient },
      clock,
    );
    this.#blame = new Blame(config.health === false ? 0 : config.health.intervalMs, clock);
    this.#mustSendHeader = cidrMatcher(config.proxyProtocol.accept);
    this.#listeners = config.listen.map((address) => this.#listener(address));
    this.#watch = new HealthWatch(
      config,
      this.pool,
      { ...tools, preamble: probePreamble(config.proxyProtocol.send) },
      {
        onDown: (backend) => this.#wentDown(backend),
        onUp: (backend) => this.placeFreed(backend),
      },
    );
  }

  get name(): string {
    return this.config.name;
  }

  /** `max_sessions`, as a number. */
  get limit(): number {
    return this.config.maxSessions ?? Math.max(1, Math.floor(this.#tools.sessions.limit * SERVICE_SHARE));
  }

  /** The bound addresses: what was asked for, with the port that was given. */
  get bound(): readonly { address: string; port: number }[] {
    return this.#listeners.map((l) => ({ address: formatListenAddress(l.address), port: l.port }));
  }

  /** Binds every listener; rejects with the first ListenError, and then none is left open. */
  async listen(): Promise<void> {
    try {
      for (const listener of this.#listeners) await listener.start(this.#tools.systemdSockets);
    } catch (error) {
      await this.stopListening();
      if (!(error instanceof ListenError)) throw error;
      throw new ListenError(error.code, `service ${this.name}: ${error.message}`, error.cause);
    }
  }

  /** Begins to ask the backends how they are. */
  startChecking(): void {
    const [first] = this.#listeners;
    this.#watch.start(first?.port ?? 0);
  }

  async stopListening(): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.close()));
  }

  stopChecking(): void {
    this.#watch.close();
  }

  /** A node has this address now, as its name says; undefined: none that is known. */
  setAddress(node: string, address: string | undefined): void {
    for (const backend of this.pool.backends) if (backend.node === node) void this.#watch.setAddress(backend, address);
  }

  snapshot(): ServiceSnapshot {
    const { balance } = this.config;
    const held = this.pool.backends.reduce((sum, backend) => sum + backend.active, 0);
    const pinned = balance.strategy === 'pinned' ? this.pool.backends.find((b) => b.node === balance.node) : undefined;
    return {
      service: this.name,
      limit: this.limit,
      waiting: Math.max(0, this.#sessions - held),
      queued: this.#queue.length - this.pool.backends.reduce((sum, backend) => sum + backend.queued, 0),
      failingOpen: this.pool.failingOpen,
      strategy: balance.strategy,
      listen: this.bound.map((b) => b.address),
      backends: this.pool.backends.map((b) => ({
        node: b.node,
        address: b.address === undefined ? undefined : formatHostPort(b.address, this.#portOf(b)),
        health: b.health,
        admin: b.admin,
        active: b.active,
        queued: b.queued,
        weight: b.spec.weight,
        bytesIn: b.bytesIn,
        bytesOut: b.bytesOut,
        reason: b.reason,
        since: b.changedAt,
      })),
      pinned: pinned === undefined ? undefined : { node: pinned.node, up: pinned.health === 'up' },
    };
  }

  mustSendHeader(peer: string): boolean {
    return this.#mustSendHeader(peer);
  }

  admit(client: string): Verdict {
    return this.#admission.admit(client);
  }

  pick(tried: readonly Backend[], client: string | undefined): Choice {
    const candidates = this.pool.candidates(tried);
    if (this.#sticky) {
      const backend = this.#balancer.pick(candidates, client);
      if (backend === undefined) return { kind: 'none' };
      return this.pool.isFull(backend) ? { kind: 'full', wanted: backend } : { kind: 'backend', backend };
    }
    const limited = this.config.maxSessionsPerBackend !== undefined;
    const free = limited ? candidates.filter((b) => !this.pool.isFull(b)) : candidates;
    const backend = this.#balancer.pick(free, client);
    if (backend !== undefined) return { kind: 'backend', backend };
    return candidates.length > 0 ? { kind: 'full', wanted: undefined } : { kind: 'none' };
  }

  anyLeft(tried: readonly Backend[]): boolean {
    return this.pool.candidates(tried).length > 0;
  }

  enqueue(entry: Waiting): boolean {
    return this.#queue.join(entry);
  }

  leaveQueue(entry: Waiting): void {
    this.#queue.leave(entry);
  }

  placeFreed(backend: Backend): void {
    if (this.#queue.length === 0) return;
    const may = (entry: Waiting) => this.pool.isCandidate(backend, entry.tried);
    while (!this.pool.isFull(backend) && this.#queue.admit(backend, may)) {}
  }

  failed(backend: Backend, _error: DialError): void {
    if (this.config.passive) this.#watch.probeNow(backend);
  }

  blame(backend: Backend, client: string): void {
    if (this.config.passive && this.#blame.counts(backend.node, client)) this.#watch.probeNow(backend);
  }

  enterFailover(): boolean {
    if (this.#failovers >= Math.max(FAILOVERS, this.#sessions * FAILOVER_SHARE)) return false;
    this.#failovers++;
    return true;
  }

  leaveFailover(): void {
    this.#failovers--;
  }

  closed(client: string, admitted: boolean): void {
    this.#sessions--;
    if (admitted) this.#admission.release(client);
  }

  #listener(address: ListenAddress): Listener {
    const { keepaliveMs } = this.config;
    const listener = new Listener(address, { keepaliveMs, sockets: this.sockets }, (client, port) =>
      this.#accept(client, port),
    );
    listener.onAcceptFailed = (error) =>
      this.observer.notice('error', `cannot accept on ${formatListenAddress(address)}: ${error.message}`);
    return listener;
  }

  #accept(client: Connection, port: number): void {
    const { sessions } = this.#tools;
    const room = sessions.size < sessions.limit && this.#sessions < this.limit;
    this.#sessions++;
    new Session(client, port, peerOf(client), this, sessions).begin(room);
  }

  #wentDown(backend: Backend): void {
    this.#queue.reconsider(backend);
    if (this.config.onDown === 'close') {
      this.#tools.sessions.endAll('backend-down', (s) => s.host === this && s.backend === backend && s.relaying);
    }
  }

  #portOf(backend: Backend): number {
    return backend.spec.port ?? this.#listeners[0]?.port ?? 0;
  }
}

/** Who connected; undefined on a Unix socket, and for a client that is gone already. */
function peerOf(client: Connection): Endpoint | undefined {
  const { remoteAddress, remotePort } = client.socket;
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  return { address: canonicalAddress(remoteAddress), port: remotePort };
}
