// The health of one service's backends: watches each, moves every flip into the pool, and tells what that means for the
// service (failing open, the pinned node down). Neither probes nor judges.

import type { ServiceConfig } from '../config/config.ts';
import type { Observer } from '../core/events.ts';
import type { Backend, Pool } from '../core/pool.ts';
import type { Checkers, Watch } from './checkers.ts';
import { type Flip, maySpareSlow } from './judge.ts';
import type { ProbeResult, ProbeTarget } from './probes/probe.ts';

export interface HealthWatchTools {
  /** A PROXY header that the port gets before anything else. */
  readonly preamble?: Buffer | undefined;
  readonly observer: Required<Observer>;
  readonly checkers: Checkers;
}

export class HealthWatch {
  readonly #config: ServiceConfig;
  readonly #pool: Pool;
  readonly #tools: HealthWatchTools;
  readonly #onDown: (backend: Backend) => void;
  readonly #onUp: (backend: Backend) => void;
  readonly #watches = new Map<Backend, Watch>();
  /** What was told of each backend's findings last. */
  readonly #findings = new Map<Backend, string>();
  #listenPort = 0;
  #failingOpen = false;
  #closed = false;

  constructor(
    config: ServiceConfig,
    pool: Pool,
    tools: HealthWatchTools,
    changed: { onDown(backend: Backend): void; onUp(backend: Backend): void },
  ) {
    this.#config = config;
    this.#pool = pool;
    this.#tools = tools;
    this.#onDown = (backend) => changed.onDown(backend);
    this.#onUp = (backend) => changed.onUp(backend);
  }

  /** Begins to probe. `listenPort`: the port of backends that have none of their own. */
  start(listenPort: number): void {
    this.#listenPort = listenPort;
    const { health } = this.#config;
    for (const backend of this.#pool.backends) {
      if (backend.address !== undefined) continue;
      const reason = `${backend.spec.host}: the name was not resolved`;
      this.#flipped(backend, { to: 'down', reason, connectFailed: true, slow: false });
    }
    if (health === false) return;
    for (const backend of this.#pool.backends) {
      const watch = this.#tools.checkers.watch({
        health,
        target: this.#target(backend, backend.address),
        preamble: this.#tools.preamble,
        initial: backend.health,
        mayGoDownSlow: () => this.#canSpare(),
        onFlip: (flip) => this.#flipped(backend, flip),
        onReason: (reason, connectFailed) => this.#pool.setHealth(backend, backend.health, reason, connectFailed),
        onProbe: (result) => this.#probed(backend, result),
      });
      this.#watches.set(backend, watch);
    }
  }

  probeNow(backend: Backend): void {
    this.#watches.get(backend)?.probeNow();
  }

  /** The backend's node has this address now. One that serves is left only for an address that answers. */
  async setAddress(backend: Backend, address: string | undefined): Promise<void> {
    if (address === undefined || address === backend.address) return;
    const { health } = this.#config;
    const target = this.#target(backend, address);
    if (health !== false && target !== undefined && backend.address !== undefined && backend.health === 'up') {
      const result = await this.#tools.checkers.ask(health, target, this.#tools.preamble);
      // The next resolution asks again.
      if (!result.ok || this.#closed) return;
    }
    this.#pool.setAddress(backend, address);
    if (health === false) this.#pool.setHealth(backend, 'up', '', false);
    this.#watches.get(backend)?.retarget(target);
    this.#onUp(backend);
  }

  close(): void {
    this.#closed = true;
    for (const watch of this.#watches.values()) watch.close();
    this.#watches.clear();
  }

  #target(backend: Backend, address: string | undefined): ProbeTarget | undefined {
    if (address === undefined) return undefined;
    const port = backend.spec.port ?? this.#listenPort;
    const { sourceAddress } = this.#config;
    return sourceAddress === undefined ? { address, port } : { address, port, from: sourceAddress };
  }

  #canSpare(): boolean {
    const ready = this.#pool.backends.filter((b) => b.admin === 'ready');
    return maySpareSlow(ready.length, ready.filter((b) => b.health === 'down').length);
  }

  #probed(backend: Backend, result: ProbeResult): void {
    const { observer } = this.#tools;
    const { name, health } = this.#config;
    observer.probed(name, backend.node, result.seconds, result.ok ? undefined : result.code);
    if (result.certificate !== undefined && health !== false) {
      const port = health.port ?? backend.spec.port ?? this.#listenPort;
      observer.certificateSeen(backend.node, port, result.certificate.expiresAt);
    }
    const findings = result.findings ?? [];
    const text = findings.join('; ');
    if ((this.#findings.get(backend) ?? '') === text) return;
    this.#findings.set(backend, text);
    observer.probeFindings(name, backend.node, findings);
  }

  #flipped(backend: Backend, flip: Flip): void {
    const { observer } = this.#tools;
    const service = this.#config.name;
    this.#pool.setHealth(backend, flip.to, flip.reason, flip.connectFailed);
    observer.healthFlipped({ service, node: backend.node, to: flip.to, reason: flip.reason });
    if (this.#config.balance.strategy === 'pinned') {
      observer.pinnedChanged(service, backend.node, flip.to === 'up', flip.reason);
    }
    const { failingOpen } = this.#pool;
    if (failingOpen !== this.#failingOpen) {
      this.#failingOpen = failingOpen;
      observer.failingOpen(service, failingOpen);
    }
    if (flip.to === 'down') this.#onDown(backend);
    else this.#onUp(backend);
  }
}
