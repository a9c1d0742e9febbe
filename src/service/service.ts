// One service: its listeners, pool, balancer and health checks, and the host of its sessions. Builds them, starts them,
// stops them; what its file means stands in rules.ts, how it looks from outside in snapshot.ts.

import { isDeepStrictEqual } from 'node:util';
import type { Balancer } from '../balancer/balancer.ts';
import { createBalancer } from '../balancer/strategies.ts';
import type { ServiceConfig } from '../config/config.ts';
import { formatListenAddress } from '../config/listen-address.ts';
import { type CidrMatcher, canonicalAddress, cidrMatcher } from '../core/address.ts';
import { Admission, type Counted } from '../core/admission.ts';
import type { AdminState } from '../core/backend.ts';
import { Blame } from '../core/blame.ts';
import type { Clock } from '../core/clock.ts';
import type { Observer } from '../core/events.ts';
import type { Health } from '../core/health.ts';
import { type Backend, Pool, type PoolChange } from '../core/pool.ts';
import type { ServiceSnapshot } from '../core/status.ts';
import { type Waiting, WaitQueue } from '../core/wait-queue.ts';
import type { DialError } from '../errors.ts';
import type { Checkers } from '../health/checkers.ts';
import { HealthWatch } from '../health/health-watch.ts';
import type { ProbeResult } from '../health/probes/probe.ts';
import type { Connection } from '../net/connection.ts';
import type { Listener } from '../net/listener.ts';
import { probePreamble } from '../net/proxy-preamble.ts';
import type { StartRelay } from '../net/relay.ts';
import { Session } from '../net/session.ts';
import type { Choice, SessionHost, Admission as Verdict } from '../net/session-host.ts';
import type { Endpoint } from '../net/session-stage.ts';
import type { SessionTable } from '../net/session-table.ts';
import type { SocketWay } from '../net/socket-way.ts';
import { admissionRules, blameInterval, isSticky, poolOptions } from './rules.ts';
import { snapshotOf } from './snapshot.ts';

export interface ServiceTools {
  readonly clock: Clock;
  readonly observer: Required<Observer>;
  readonly sessions: SessionTable;
  readonly checkers: Checkers;
  readonly startRelay: StartRelay;
  readonly sockets: SocketWay;
}

/** What went through a service since the process started: plain counts, since they are taken with every session. */
export interface Traffic {
  /** Connections, those turned away included. */
  accepted: number;
  mostSessions: number;
  /** Sessions that were let in: neither denied nor over a limit. */
  readonly admitted: { total: number; now: number; most: number };
}

/** Sessions in handshake failover at once: this many, or this part of the service's sessions if that is more. */
const FAILOVERS = 10;
const FAILOVER_SHARE = 0.2;
/** Where the service sets no limit of its own: this part of the process's. */
const SERVICE_SHARE = 0.75;

export class Service implements SessionHost {
  config: ServiceConfig;
  readonly clock: Clock;
  readonly observer: Required<Observer>;
  readonly startRelay: StartRelay;
  readonly sockets: SocketWay;
  readonly pool: Pool;
  readonly #tools: ServiceTools;
  readonly traffic: Traffic = { accepted: 0, mostSessions: 0, admitted: { total: 0, now: 0, most: 0 } };
  #listeners: readonly Listener[] = [];
  #balancer: Balancer;
  readonly #queue: WaitQueue;
  readonly #admission: Admission;
  readonly #blame: Blame;
  #mustSendHeader: CidrMatcher;
  readonly #watch: HealthWatch;
  #sticky: boolean;
  #sessions = 0;
  #failovers = 0;

  /** `initial`: what its backends are until their first probe. */
  constructor(config: ServiceConfig, tools: ServiceTools, initial: Health = 'up') {
    const { clock } = tools;
    this.config = config;
    this.clock = clock;
    this.observer = tools.observer;
    this.startRelay = tools.startRelay;
    this.sockets = tools.sockets;
    this.#tools = tools;
    this.#sticky = isSticky(config);
    this.pool = new Pool(config.backends, poolOptions(config), clock, initial);
    this.#balancer = createBalancer(config.balance, config.backends);
    this.#queue = new WaitQueue(config.queue);
    this.#admission = new Admission(admissionRules(config), clock);
    this.#blame = new Blame(blameInterval(config), clock);
    this.#mustSendHeader = cidrMatcher(config.proxyProtocol.accept);
    this.#watch = new HealthWatch(
      config,
      this.pool,
      { ...tools, preamble: probePreamble(config.proxyProtocol.send) },
      {
        onDown: (backend) => this.#wentDown(backend),
        onUp: (backend) => this.#reconsider(backend),
        onStillDown: (backend) => this.#reconsider(backend),
      },
    );
  }

  get name(): string {
    return this.config.name;
  }

  /** Sessions, those that still wait for a backend included. */
  get size(): number {
    return this.#sessions;
  }

  /** Who waits for whichever backend is free first. */
  get queue(): { readonly now: number; readonly most: number } {
    return { now: this.#queue.forAny, most: this.#queue.mostForAny };
  }

  /** `max_sessions`, as a number. */
  get limit(): number {
    return this.config.maxSessions ?? Math.max(1, Math.floor(this.#tools.sessions.limit * SERVICE_SHARE));
  }

  /** The bound addresses: what was asked for, with the port that was given. */
  get bound(): readonly { address: string; port: number }[] {
    return this.#listeners.map((l) => ({ address: formatListenAddress(l.address), port: l.port }));
  }

  /** These accept for it from now on, in the order of `config.listen`. */
  serve(listeners: readonly Listener[]): void {
    this.#listeners = listeners;
    for (const listener of listeners) {
      listener.keepaliveMs = this.config.keepaliveMs;
      listener.onAccept = (client, port) => this.#accept(client, port);
      listener.onAcceptFailed = (error) =>
        this.observer.notice('error', `cannot accept on ${formatListenAddress(listener.address)}: ${error.message}`);
    }
  }

  /** Another file is in effect, with these listeners. Sessions that run go on, under its timeouts. */
  update(config: ServiceConfig, listeners: readonly Listener[]): PoolChange {
    const before = this.config;
    this.config = config;
    this.serve(listeners);
    const change = this.pool.reconcile(config.backends, poolOptions(config));
    this.#sticky = isSticky(config);
    // HAProxy's map is made of the nodes; every other strategy keeps its place.
    const mapped = config.balance.strategy === 'source' && config.balance.hash.method === 'haproxy';
    if (mapped || !isDeepStrictEqual(before.balance, config.balance)) {
      this.#balancer = createBalancer(config.balance, config.backends);
    }
    this.#queue.limit = config.queue;
    this.#admission.update(admissionRules(config));
    this.#blame.intervalMs = blameInterval(config);
    this.#blame.keep(new Set(config.backends.map(({ node }) => node)));
    this.#mustSendHeader = cidrMatcher(config.proxyProtocol.accept);
    // From here on those who wait may be asked to choose anew, and must find the new rules.
    const wanted = new Map(before.backends.map((spec) => [spec.node, spec.admin]));
    for (const spec of config.backends) {
      const former = wanted.get(spec.node);
      if (former !== undefined && former !== spec.admin)
        this.#watch.setAdmin(spec.node, spec.admin, 'the file was reloaded');
    }
    this.#watch.update(config, probePreamble(config.proxyProtocol.send), listeners[0]?.port ?? 0);
    this.#queue.reconsider(() => true);
    return change;
  }

  /** Begins to ask the backends how they are. */
  startChecking(): void {
    const [first] = this.#listeners;
    this.#watch.start(first?.port ?? 0);
  }

  stopChecking(): void {
    this.#watch.close();
  }

  /** What the operator wants of a node. */
  setAdmin(node: string, state: AdminState): void {
    this.#watch.setAdmin(node, state, 'set by an operator');
    if (state === 'ready') return;
    for (const backend of this.pool.backends) if (backend.node === node) this.#reconsider(backend);
  }

  /** A node has this address now, as its name says; undefined: none that is known. */
  setAddress(node: string, address: string | undefined): void {
    for (const backend of this.pool.backends)
      if (backend.node === node && !backend.removed) void this.#watch.setAddress(backend, address);
  }

  /** Asks one node, at once and outside of any schedule; undefined: there is nobody to ask, or nothing. */
  ask(node: string): Promise<ProbeResult> | undefined {
    const backend = this.pool.backends.find((b) => b.node === node && !b.removed);
    return backend === undefined ? undefined : this.#watch.ask(backend);
  }

  /** What the health check has to say of a node besides its health; mostly empty. */
  note(node: string): string {
    const backend = this.pool.backends.find((b) => b.node === node && !b.removed);
    return backend === undefined ? '' : this.#watch.about(backend).note;
  }

  snapshot(): ServiceSnapshot {
    this.pool.tidy();
    const { config, pool, limit } = this;
    return snapshotOf({
      config,
      pool,
      limit,
      sessions: this.#sessions,
      queued: this.#queue.length,
      bound: this.bound,
      about: (backend) => this.#watch.about(backend),
    });
  }

  mustSendHeader(peer: string): boolean {
    return this.#mustSendHeader(peer);
  }

  admit(client: string): Verdict {
    const verdict = this.#admission.admit(client);
    if (verdict === 'denied' || verdict === 'refused') return verdict;
    const { admitted } = this.traffic;
    admitted.total++;
    admitted.now++;
    if (admitted.now > admitted.most) admitted.most = admitted.now;
    return verdict;
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

  enqueue(entry: Waiting, wanted: Backend | undefined): boolean {
    return this.#queue.join(entry, wanted);
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

  closed(counted: Counted | undefined): void {
    this.#sessions--;
    if (counted === undefined) return;
    this.traffic.admitted.now--;
    this.#admission.release(counted);
  }

  #accept(client: Connection, port: number): void {
    const { sessions } = this.#tools;
    const room = sessions.size < sessions.limit && this.#sessions < this.limit;
    this.#sessions++;
    this.traffic.accepted++;
    if (this.#sessions > this.traffic.mostSessions) this.traffic.mostSessions = this.#sessions;
    new Session(client, port, peerOf(client), this, sessions).begin(room);
  }

  /**
   * Who may serve is another question since something happened to `backend`: whoever waits for it, for any, or for one that
   * may serve no more (a backup, or one that was tried only because all were down) chooses anew.
   */
  #reconsider(backend: Backend): void {
    this.#queue.reconsider(
      ({ tried }, wanted) => wanted === undefined || wanted === backend || !this.pool.isCandidate(wanted, tried),
    );
  }

  #wentDown(backend: Backend): void {
    this.#reconsider(backend);
    if (this.config.onDown === 'close') {
      this.#tools.sessions.endAll('backend-down', (s) => s.host === this && s.backend === backend && s.relaying);
    }
  }
}

/** Who connected; undefined on a Unix socket, and for a client that is gone already. */
function peerOf(client: Connection): Endpoint | undefined {
  const { address, port } = client.remote;
  if (address === undefined || port === undefined) return undefined;
  return { address: canonicalAddress(address), port };
}
