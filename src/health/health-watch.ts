// The health of one service's backends: watches each, moves every flip into the pool, and tells what that means for the
// service (failing open, the pinned node down). Neither probes nor judges.

import { isDeepStrictEqual } from 'node:util';
import type { ServiceConfig } from '../config/config.ts';
import { isAddress } from '../core/address.ts';
import type { AdminState } from '../core/backend.ts';
import type { Observer } from '../core/events.ts';
import { type Backend, NOT_ASKED, type Pool } from '../core/pool.ts';
import type { Checkers, Watch } from './checkers.ts';
import { type Flip, maySpareSlow } from './judge.ts';
import type { ProbeResult, ProbeTarget } from './probes/probe.ts';

const NOTHING: readonly string[] = [];

export interface HealthWatchTools {
  /** A PROXY header that the port gets before anything else. */
  readonly preamble?: Buffer | undefined;
  readonly observer: Required<Observer>;
  readonly checkers: Checkers;
}

export interface HealthChanges {
  onDown(backend: Backend): void;
  /** It may serve, or serve at another address. */
  onUp(backend: Backend): void;
  /** It is down for another reason now: the only node of a pinned service may be dialled no more, or again. */
  onStillDown(backend: Backend): void;
}

export class HealthWatch {
  #config: ServiceConfig;
  readonly #pool: Pool;
  #tools: HealthWatchTools;
  readonly #changed: HealthChanges;
  readonly #watches = new Map<Backend, Watch>();
  /** What each backend's last probe found; told when it changes. */
  readonly #findings = new Map<Backend, readonly string[]>();
  /** The port at which each backend's certificate was seen. */
  readonly #certificates = new Map<Backend, number>();
  /** The address that each backend's name had last, in use or not. */
  readonly #named = new Map<Backend, string | undefined>();
  #listenPort = 0;
  #failingOpen = false;
  #closed = false;

  constructor(config: ServiceConfig, pool: Pool, tools: HealthWatchTools, changed: HealthChanges) {
    this.#config = config;
    this.#pool = pool;
    this.#tools = tools;
    this.#changed = changed;
  }

  /** Begins to probe. `listenPort`: the port of backends that have none of their own. */
  start(listenPort: number): void {
    this.#listenPort = listenPort;
    for (const backend of this.#pool.backends) {
      if (backend.address !== undefined) continue;
      const reason = `${backend.spec.host}: the name was not resolved`;
      if (backend.admin === 'maint') this.#pool.setHealth(backend, 'down', reason, true);
      else this.#flipped(backend, { to: 'down', reason, connectFailed: true, slow: false });
    }
    for (const backend of this.#pool.backends) this.#begin(backend);
  }

  /** Another file is in effect, and the pool was reconciled with it. A health check that is the same goes on. */
  update(config: ServiceConfig, preamble: Buffer | undefined, listenPort: number): void {
    const asksOtherwise = !isDeepStrictEqual(
      [config.health, preamble, config.sourceAddress],
      [this.#config.health, this.#tools.preamble, this.#config.sourceAddress],
    );
    this.#config = config;
    this.#tools = { ...this.#tools, preamble };
    this.#listenPort = listenPort;
    const standing = new Set(this.#pool.backends.filter((backend) => !backend.removed));
    for (const backend of this.#named.keys()) if (!standing.has(backend)) this.#named.delete(backend);
    for (const [backend, watch] of this.#watches) {
      if (asksOtherwise || !standing.has(backend)) this.#forget(backend);
      else watch.retarget(this.#target(backend, backend.address));
      if (this.#certificates.get(backend) !== this.#port(backend)) this.#forgetCertificate(backend);
    }
    for (const backend of standing) if (!this.#watches.has(backend)) this.#begin(backend);
    this.#tellFailingOpen();
  }

  #forget(backend: Backend): void {
    this.#watches.get(backend)?.close();
    this.#watches.delete(backend);
    this.#findings.delete(backend);
    this.#forgetCertificate(backend);
  }

  #begin(backend: Backend): void {
    const { health } = this.#config;
    if (health === false) {
      this.#nobodySaysMore(backend);
      return;
    }
    const watch = this.#tools.checkers.watch({
      health,
      target: this.#target(backend, backend.address),
      preamble: this.#tools.preamble,
      initial: backend.health,
      mayGoDownSlow: () => this.#canSpare(),
      onSpared: (spared, reason) => this.#tools.observer.healthSpared(this.#config.name, backend.node, spared, reason),
      onFlip: (flip) => this.#flipped(backend, flip),
      onReason: (reason, connectFailed) => this.#stillDown(backend, reason, connectFailed),
      onProbe: (result) => this.#probed(backend, result),
    });
    if (backend.admin === 'maint') watch.pause();
    this.#watches.set(backend, watch);
  }

  probeNow(backend: Backend): void {
    this.#watches.get(backend)?.probeNow();
  }

  /** What the operator wants of a node, from now on. In `maint` it is not asked, and nothing is said of it. */
  setAdmin(node: string, state: AdminState, reason: string): void {
    for (const backend of this.#pool.backends) {
      if (backend.node !== node || backend.removed || backend.admin === state) continue;
      this.#pool.setAdmin(backend, state);
      const watch = this.#watches.get(backend);
      if (state === 'maint') watch?.pause();
      else watch?.resume();
      this.#tools.observer.adminChanged(this.#config.name, node, state, reason);
      if (state === 'ready') this.#changed.onUp(backend);
    }
    this.#tellFailingOpen();
  }

  /** Asks this backend once, whatever its schedule; undefined: it has no address, or nothing is asked here. */
  ask(backend: Backend): Promise<ProbeResult> | undefined {
    const { health } = this.#config;
    const target = this.#target(backend, backend.address);
    if (health === false || target === undefined) return undefined;
    return this.#tools.checkers.ask(health, target, this.#tools.preamble);
  }

  /** What there is to say of a backend besides its health. */
  about(backend: Backend): { readonly note: string; readonly findings: readonly string[] } {
    const reason = this.#watches.get(backend)?.state().reason ?? '';
    const note = backend.admin === 'maint' || backend.reason.startsWith(reason) ? '' : reason;
    return { note, findings: this.#findings.get(backend) ?? NOTHING };
  }

  /**
   * The backend's node has this address now. One that serves is left for what its name says only when that answers; an
   * address that stands in the file itself is the file's word, and another machine.
   */
  async setAddress(backend: Backend, address: string | undefined): Promise<void> {
    this.#named.set(backend, address);
    if (address === undefined || address === backend.address) return;
    const { health } = this.#config;
    const target = this.#target(backend, address);
    const serves = backend.address !== undefined && backend.health === 'up' && backend.admin !== 'maint';
    const another = backend.address !== undefined && isAddress(backend.spec.host);
    if (health !== false && target !== undefined && serves && !another) {
      const result = await this.#tools.checkers.ask(health, target, this.#tools.preamble);
      // The next resolution asks again. What it said meanwhile, or a reload, goes before this answer.
      if (!result.ok || this.#closed || this.#named.get(backend) !== address) return;
    }
    this.#pool.setAddress(backend, address);
    if (another) this.#beginAnew(backend);
    else if (this.#config.health === false) this.#nobodySaysMore(backend);
    else this.#watches.get(backend)?.retarget(this.#target(backend, address));
    this.#changed.onUp(backend);
  }

  /** Another machine bears the node's name: what was known of the last one says nothing about it. */
  #beginAnew(backend: Backend): void {
    this.#forget(backend);
    if (this.#config.health !== false) this.#pool.setHealth(backend, 'down', NOT_ASKED, false);
    this.#begin(backend);
  }

  /** Where nothing is asked, a backend with an address is up. */
  #nobodySaysMore(backend: Backend): void {
    if (backend.address === undefined || backend.health === 'up') return;
    if (backend.reason === NOT_ASKED) this.#pool.setHealth(backend, 'up', '', false);
    else this.#flipped(backend, { to: 'up', reason: 'no health check', connectFailed: false, slow: false });
  }

  close(): void {
    this.#closed = true;
    for (const backend of [...this.#watches.keys()]) this.#forget(backend);
  }

  #target(backend: Backend, address: string | undefined): ProbeTarget | undefined {
    if (address === undefined) return undefined;
    const port = backend.spec.port ?? this.#listenPort;
    const { sourceAddress } = this.#config;
    return sourceAddress === undefined ? { address, port } : { address, port, from: sourceAddress };
  }

  /** Where it is asked. */
  #port(backend: Backend): number {
    const { health } = this.#config;
    return (health === false ? undefined : health.port) ?? backend.spec.port ?? this.#listenPort;
  }

  /** Whether it may go down although it is merely slow. The only node of a pinned service is dialled all the same. */
  #canSpare(): boolean {
    if (this.#config.balance.strategy === 'pinned') return true;
    const ready = this.#pool.backends.filter((b) => b.admin === 'ready' && !b.removed);
    return maySpareSlow(ready.length, ready.filter((b) => b.health === 'down').length);
  }

  #probed(backend: Backend, result: ProbeResult): void {
    const { observer } = this.#tools;
    const { name } = this.#config;
    observer.probed(name, backend.node, result.seconds, result.ok ? undefined : result.code);
    if (result.certificate?.expiresAt !== undefined) {
      const port = this.#port(backend);
      this.#certificates.set(backend, port);
      observer.certificateSeen(backend.node, port, result.certificate.expiresAt);
    }
    // A probe that saw no certificate says nothing about the one that was seen before.
    if (!result.ok && result.certificate === undefined) return;
    const findings = result.findings ?? [];
    if (this.about(backend).findings.join('; ') === findings.join('; ')) return;
    this.#findings.set(backend, findings);
    observer.probeFindings(name, backend.node, findings);
  }

  /** Another service that asks there shows it again with its next probe. */
  #forgetCertificate(backend: Backend): void {
    const port = this.#certificates.get(backend);
    if (port === undefined) return;
    this.#certificates.delete(backend);
    this.#tools.observer.certificateSeen(backend.node, port, undefined);
  }

  #stillDown(backend: Backend, reason: string, connectFailed: boolean): void {
    // What a reload brings is down from the start: that it really is so is news.
    if (backend.reason === NOT_ASKED) this.#flipped(backend, { to: 'down', reason, connectFailed, slow: false });
    else {
      this.#pool.setHealth(backend, backend.health, reason, connectFailed);
      this.#changed.onStillDown(backend);
    }
  }

  #flipped(backend: Backend, flip: Flip): void {
    const { observer } = this.#tools;
    const service = this.#config.name;
    this.#pool.setHealth(backend, flip.to, flip.reason, flip.connectFailed);
    observer.healthFlipped({ service, node: backend.node, to: flip.to, reason: flip.reason });
    if (this.#config.balance.strategy === 'pinned') {
      observer.pinnedChanged(service, backend.node, flip.to === 'up', flip.reason);
    }
    this.#tellFailingOpen();
    if (flip.to === 'down') this.#changed.onDown(backend);
    else this.#changed.onUp(backend);
  }

  #tellFailingOpen(): void {
    const { failingOpen } = this.#pool;
    if (failingOpen === this.#failingOpen) return;
    this.#failingOpen = failingOpen;
    this.#tools.observer.failingOpen(this.#config.name, failingOpen);
  }
}
