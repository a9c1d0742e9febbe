// The set of running services: builds them from a configuration, binds all or nothing, drains, and answers how they
// stand. Who asks for that, and by which signal or command, is not known here.

import type { Config } from './config/config.ts';
import { type Clock, systemClock } from './core/clock.ts';
import { fanOut, type Observer } from './core/events.ts';
import type { ServiceSnapshot } from './core/status.ts';
import { ChargehandError } from './errors.ts';
import { Checkers } from './health/checkers.ts';
import type { ProbeResult } from './health/probes/probe.ts';
import { ListenerSet, type Wanted } from './net/listener-set.ts';
import type { Lookup } from './net/lookup.ts';
import { probeNetwork } from './net/probe-socket.ts';
import type { StartRelay } from './net/relay.ts';
import { startNetRelay } from './net/relay-net.ts';
import { Resolver } from './net/resolve.ts';
import { SessionTable } from './net/session-table.ts';
import { PLAIN_SOCKETS, type SocketWay } from './net/socket-way.ts';
import { Service, type ServiceTools } from './service/service.ts';

export interface LoadBalancerOptions {
  /** Sessions that the process may hold at once. */
  readonly sessionLimit: number;
  readonly observers?: readonly Observer[];
  readonly clock?: Clock;
  readonly startRelay?: StartRelay;
  /** How to accept and dial; default: Node's own sockets. */
  readonly sockets?: SocketWay;
  /** Listening descriptors that this process was started with, by what they are for: `systemd:NAME`, `192.0.2.1:443`. */
  readonly inherited?: ReadonlyMap<string, number>;
  readonly lookup?: Lookup;
}

/** Names are waited for this long before listening; what has no address by then starts down. */
const RESOLVE_PATIENCE_MS = 3000;

export class LoadBalancer {
  #config: Config;
  readonly sessions: SessionTable;
  readonly #clock: Clock;
  readonly #observer: Required<Observer>;
  readonly #checkers: Checkers;
  readonly #resolver: Resolver;
  readonly #listeners: ListenerSet;
  readonly #tools: ServiceTools;
  /** In the order of the file. */
  #services: readonly Service[];
  /** No longer in the file; their sessions still run. */
  #leaving: readonly Service[] = [];
  /** What was last said of each node's name. */
  readonly #told = new Map<string, string>();
  #state: 'new' | 'running' | 'draining' | 'stopped' = 'new';

  constructor(config: Config, options: LoadBalancerOptions) {
    this.#config = config;
    this.#clock = options.clock ?? systemClock;
    this.#observer = fanOut(options.observers ?? []);
    this.sessions = new SessionTable(options.sessionLimit, this.#clock);
    this.#checkers = new Checkers({ network: probeNetwork(options.sockets ?? PLAIN_SOCKETS), clock: this.#clock });
    const sockets = options.sockets ?? PLAIN_SOCKETS;
    this.#listeners = new ListenerSet({ clock: this.#clock, sockets, inherited: options.inherited ?? new Map() });
    this.#tools = {
      clock: this.#clock,
      observer: this.#observer,
      sessions: this.sessions,
      checkers: this.#checkers,
      startRelay: options.startRelay ?? startNetRelay,
      sockets,
    };
    this.#services = config.services.map((service) => new Service(service, this.#tools));
    this.#resolver = new Resolver({
      clock: this.#clock,
      ...(options.lookup === undefined ? {} : { lookup: options.lookup }),
      onAddress: (host, address, failure) => this.#resolved(host, address, failure),
    });
  }

  /** What is in effect now. */
  get config(): Config {
    return this.#config;
  }

  /** Binds every listener of every service, then begins to check; if one can't be bound, none stays bound. */
  async start(): Promise<void> {
    if (this.#state !== 'new')
      throw new ChargehandError('started', 'this balancer was started before', { side: 'proxy' });
    const resolved = this.#resolver.follow(this.config.nodes.map((node) => node.host));
    await this.#patience(resolved);
    try {
      const prepared = await this.#listeners.prepare(wantedListeners(this.config));
      for (const service of this.#services) service.serve(service.config.listen.map(prepared.get));
      await prepared.commit();
      for (const name of this.#listeners.unused)
        this.#observer.notice(
          'warn',
          `no service listens on systemd:${name}, which systemd passed: whoever connects to that socket waits in vain`,
        );
    } catch (error) {
      await this.stop();
      throw error;
    }
    for (const service of this.#services) service.startChecking();
    this.#state = 'running';
  }

  /**
   * Puts another configuration into effect without touching a running session. Rejects, and then nothing has changed, when
   * an address can't be bound, and when it doesn't run (any more). One at a time: the caller waits for the one before.
   */
  async apply(next: Config): Promise<void> {
    if (this.#state !== 'running') throw this.#notRunning();
    const prepared = await this.#listeners.prepare(wantedListeners(next));
    // Meanwhile it may have been stopped: nobody would ever close what is bound now.
    if (!this.ready().ready) {
      await prepared.abandon();
      throw this.#notRunning();
    }
    const before = new Map(this.#services.map((service) => [service.name, service]));
    this.#config = next;
    const added: Service[] = [];
    this.#services = next.services.map((config) => {
      const listeners = config.listen.map(prepared.get);
      const known = before.get(config.name);
      before.delete(config.name);
      if (known !== undefined) {
        known.update(config, listeners);
        return known;
      }
      const service = new Service(config, this.#tools, 'down');
      service.serve(listeners);
      added.push(service);
      return service;
    });
    for (const service of before.values()) service.stopChecking();
    this.#leaving = [...this.#leaving.filter(hasSessions), ...before.values()];
    // Addresses that are known already; the names that are new are asked for from now on, and nobody waits for them.
    for (const node of next.nodes) {
      const address = this.#resolver.address(node.host);
      if (address !== undefined) for (const service of this.#services) service.setAddress(node.name, address);
    }
    void this.#resolver.follow(next.nodes.map((node) => node.host));
    for (const service of added) service.startChecking();
    for (const name of this.#told.keys()) if (!next.nodes.some((node) => node.name === name)) this.#told.delete(name);
    await prepared.commit();
  }

  /** Whether every address of the configuration is listened on: a refused one may have cost a listener. */
  get listensEverywhere(): boolean {
    return this.#listeners.has(wantedListeners(this.#config));
  }

  /** Asks a node of a service, at once and outside of any schedule; undefined: there is nobody to ask. */
  ask(service: string, node: string): Promise<ProbeResult> | undefined {
    return this.#services.find((s) => s.name === service)?.ask(node);
  }

  /** The listening descriptors by what they are for: for a process that is to go on listening. */
  descriptors(): ReadonlyMap<string, number> {
    return this.#listeners.descriptors();
  }

  /** Another process goes on listening on them: when they are closed, the paths of Unix sockets stay. */
  handOver(): void {
    this.#listeners.handOver();
  }

  /** Whether every listener is bound and new sessions are welcome. */
  ready(): { ready: boolean; reason: string } {
    const reason = { new: 'starting', running: '', draining: 'draining', stopped: 'stopped' }[this.#state];
    return { ready: this.#state === 'running', reason };
  }

  /** From now on `ready` says no, while sessions are still accepted. */
  announceDrain(): void {
    if (this.#state === 'running') this.#state = 'draining';
  }

  /**
   * Accepts no more and lets sessions finish; each service's are ended after its `timeouts.drain`. Answers how many were
   * cut. `hurry` ends the wait at once.
   */
  async drain(hurry?: Promise<void>): Promise<number> {
    this.#state = 'draining';
    await this.#listeners.close();
    let cut = 0;
    const timers = [...this.#services, ...this.#leaving].map((service) =>
      this.#clock.after(service.config.timeouts.drainMs, () => {
        cut += this.sessions.endAll('drained', (session) => session.host === service);
      }),
    );
    const hurried = hurry?.then(() => {
      cut += this.sessions.endAll('drained');
      return this.sessions.whenEmpty();
    });
    await Promise.race(hurried === undefined ? [this.sessions.whenEmpty()] : [this.sessions.whenEmpty(), hurried]);
    for (const timer of timers) timer.cancel();
    await this.stop();
    return cut;
  }

  /** Ends everything now. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    this.#resolver.close();
    await this.#listeners.close();
    for (const service of this.#services) service.stopChecking();
    this.sessions.endAll('drained');
    await this.sessions.whenEmpty();
    await this.#checkers.close();
    this.sessions.close();
  }

  /** The bound addresses of a service, with the port that was given where the file says 0. */
  bound(service: string): readonly { address: string; port: number }[] {
    return this.#services.find((s) => s.name === service)?.bound ?? [];
  }

  /** The services of the file in effect, in its order. */
  get services(): readonly Service[] {
    return this.#services;
  }

  snapshot(): readonly ServiceSnapshot[] {
    this.sessions.refresh();
    this.#leaving = this.#leaving.filter(hasSessions);
    const leaving = this.#leaving.map((service) => ({ ...service.snapshot(), leaving: true }));
    return [...this.#services.map((service) => service.snapshot()), ...leaving];
  }

  #notRunning(): ChargehandError {
    return new ChargehandError('not-running', `no file is taken over: ${this.ready().reason}`, { side: 'proxy' });
  }

  #resolved(host: string, address: string | undefined, failure: string): void {
    for (const node of this.config.nodes) {
      if (node.host !== host) continue;
      if (address !== undefined && failure === '') for (const s of this.#services) s.setAddress(node.name, address);
      // Said when it changes, not every half minute.
      const kept = failure === '' || address === undefined ? failure : `${failure}; it keeps ${address}`;
      const now = failure === '' ? address : undefined;
      const words = `${now} ${kept}`;
      if (host === address || this.#told.get(node.name) === words) continue;
      this.#told.set(node.name, words);
      this.#observer.resolved(node.name, host, now, kept);
    }
  }

  #patience(resolved: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.after(RESOLVE_PATIENCE_MS, resolve);
      void resolved.then(() => {
        timer.cancel();
        resolve();
      });
    });
  }
}

function hasSessions(service: Service): boolean {
  return service.size > 0;
}

function wantedListeners(config: Config): readonly Wanted[] {
  return config.services.flatMap(({ name, listen }) =>
    listen.map((address, place) => ({ service: name, place, address })),
  );
}
