// The set of running services: builds them from a configuration, binds all or nothing, drains, and answers how they
// stand. Who asks for that, and by which signal or command, is not known here.

import type { Config } from './config/config.ts';
import { type Clock, systemClock } from './core/clock.ts';
import { fanOut, type Observer } from './core/events.ts';
import type { ServiceSnapshot } from './core/status.ts';
import { ChargehandError } from './errors.ts';
import { Checkers } from './health/checkers.ts';
import type { Lookup } from './net/lookup.ts';
import { connectProbe } from './net/probe-socket.ts';
import type { StartRelay } from './net/relay.ts';
import { startNetRelay } from './net/relay-net.ts';
import { Resolver } from './net/resolve.ts';
import { SessionTable } from './net/session-table.ts';
import { PLAIN_SOCKETS, type SocketWay } from './net/socket-way.ts';
import { Service } from './service.ts';

export interface LoadBalancerOptions {
  /** Sessions that the process may hold at once. */
  readonly sessionLimit: number;
  readonly observers?: readonly Observer[];
  readonly clock?: Clock;
  readonly startRelay?: StartRelay;
  /** How to accept and dial; default: Node's own sockets. */
  readonly sockets?: SocketWay;
  /** Descriptors that systemd passed, by name. */
  readonly systemdSockets?: ReadonlyMap<string, number>;
  readonly lookup?: Lookup;
}

/** Names are waited for this long before listening; what has no address by then starts down. */
const RESOLVE_PATIENCE_MS = 3000;

export class LoadBalancer {
  readonly config: Config;
  readonly sessions: SessionTable;
  readonly #clock: Clock;
  readonly #observer: Required<Observer>;
  readonly #checkers: Checkers;
  readonly #resolver: Resolver;
  readonly #services: readonly Service[];
  /** What was last said of each node's name. */
  readonly #told = new Map<string, string>();
  #state: 'new' | 'running' | 'draining' | 'stopped' = 'new';

  constructor(config: Config, options: LoadBalancerOptions) {
    this.config = config;
    this.#clock = options.clock ?? systemClock;
    this.#observer = fanOut(options.observers ?? []);
    this.sessions = new SessionTable(options.sessionLimit, this.#clock);
    this.#checkers = new Checkers({ connect: connectProbe, clock: this.#clock });
    const tools = {
      clock: this.#clock,
      observer: this.#observer,
      sessions: this.sessions,
      checkers: this.#checkers,
      startRelay: options.startRelay ?? startNetRelay,
      sockets: options.sockets ?? PLAIN_SOCKETS,
      systemdSockets: options.systemdSockets ?? new Map<string, number>(),
    };
    this.#services = config.services.map((service) => new Service(service, tools));
    this.#resolver = new Resolver({
      clock: this.#clock,
      ...(options.lookup === undefined ? {} : { lookup: options.lookup }),
      onAddress: (host, address, failure) => this.#resolved(host, address, failure),
    });
  }

  /** Binds every listener of every service, then begins to check; if one can't be bound, none stays bound. */
  async start(): Promise<void> {
    if (this.#state !== 'new')
      throw new ChargehandError('started', 'this balancer was started before', { side: 'proxy' });
    const resolved = this.#resolver.follow(this.config.nodes.map((node) => node.host));
    await this.#patience(resolved);
    const results = await Promise.allSettled(this.#services.map((service) => service.listen()));
    const failures = results.flatMap((r) => (r.status === 'rejected' ? [r.reason] : []));
    if (failures.length > 0) {
      await this.stop();
      throw failures.length === 1 ? failures[0] : allFailures(failures);
    }
    for (const service of this.#services) service.startChecking();
    this.#state = 'running';
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
    await Promise.all(this.#services.map((service) => service.stopListening()));
    let cut = 0;
    const timers = this.#services.map((service) =>
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
    await Promise.all(this.#services.map((service) => service.stopListening()));
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

  snapshot(): readonly ServiceSnapshot[] {
    this.sessions.refresh();
    return this.#services.map((service) => service.snapshot());
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

function allFailures(failures: readonly unknown[]): ChargehandError {
  const lines = failures.map((f) => (f instanceof Error ? f.message : String(f)));
  return new ChargehandError('listen-failed', lines.join('\n'), { side: 'proxy', cause: failures });
}
