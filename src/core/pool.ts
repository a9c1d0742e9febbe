// The backends of one service with their state, and the one question everybody has of them: who may serve this session?
// Writers are reload, checkers, sessions and the operator; the reader is the balancer. Opens nothing, times nothing.

import type { AdminState, BackendSpec, Candidate } from './backend.ts';
import type { Clock } from './clock.ts';
import type { Health } from './health.ts';

/** A node as one service sees it. Mutated only through its pool; the counts by the session that holds it. */
export class Backend implements Candidate {
  readonly node: string;
  spec: BackendSpec;
  /** The IP address to dial; undefined while the node's name has none. */
  address: string | undefined;
  health: Health = 'up';
  /** Why it is down, in words; empty while up. */
  reason = '';
  /** Whether what took it down was a connect that failed, not an answer that was wrong. */
  connectFailed = false;
  /** When its health changed last, milliseconds since 1970. */
  changedAt: number;
  admin: AdminState;
  weight: number;
  active = 0;
  /** The most that `active` was; kept by `take`. */
  mostActive = 0;
  /** Attempts to reach it since the process started: each took a place. */
  dials = 0;
  queued = 0;
  mostQueued = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** No longer in the file: its sessions finish, nobody picks it. */
  removed = false;

  constructor(spec: BackendSpec, wall: number) {
    this.node = spec.node;
    this.spec = spec;
    this.admin = spec.admin;
    this.weight = spec.weight;
    this.changedAt = wall;
  }

  /** An attempt takes a place; whoever holds it gives it back by `active--`. */
  take(): void {
    this.dials++;
    this.active++;
    if (this.active > this.mostActive) this.mostActive = this.active;
  }
}

export interface PoolOptions {
  readonly whenAllDown: 'use_all' | 'refuse';
  /** A `pinned` service: its only node is dialled unless its last connect failed. */
  readonly pinnedNode: string | undefined;
  readonly slowStartMs: number;
  /** Sessions a backend may hold; undefined: any number. */
  readonly maxPerBackend: number | undefined;
}

/** What `reconcile` did. */
export interface PoolChange {
  readonly added: readonly Backend[];
  readonly removed: readonly Backend[];
}

const NOBODY: readonly Backend[] = [];
/** The reason of a backend of which nobody has said anything yet. */
export const NOT_ASKED = 'new in the file, and not asked yet';
/** A backend that starts slowly never has less than this part of its weight. */
const LEAST_SHARE = 0.05;

export class Pool {
  #backends: readonly Backend[];
  #options: PoolOptions;
  readonly #clock: Clock;
  /** Backends that came back, and when. */
  readonly #starting = new Map<Backend, number>();
  #primary: readonly Backend[] = NOBODY;
  #backup: readonly Backend[] = NOBODY;
  #failingOpen = false;
  #stale = true;

  /** `initial`: their health until somebody says otherwise. */
  constructor(specs: readonly BackendSpec[], options: PoolOptions, clock: Clock, initial: Health = 'up') {
    this.#options = options;
    this.#clock = clock;
    this.#backends = specs.map((spec) => (initial === 'up' ? new Backend(spec, clock.wall()) : this.#unknown(spec)));
  }

  /** In the order of the file; then those that are no longer in it and whose sessions still run. */
  get backends(): readonly Backend[] {
    return this.#backends;
  }

  /**
   * Another file is in effect. A backend whose node stays keeps its object, and with it health, counts and admin state; a
   * new one is down until somebody says that it is up; one that left finishes its sessions and is no candidate.
   */
  reconcile(specs: readonly BackendSpec[], options: PoolOptions): PoolChange {
    // Not those that have left: beside one of them its node may stand again, as another backend.
    const standing = this.#backends.filter((backend) => !backend.removed);
    const before = new Map(standing.map((backend) => [backend.node, backend]));
    const added: Backend[] = [];
    const next = specs.map((spec) => {
      const known = before.get(spec.node);
      before.delete(spec.node);
      if (known === undefined) {
        const backend = this.#unknown(spec);
        added.push(backend);
        return backend;
      }
      known.spec = spec;
      if (!this.#starting.has(known)) known.weight = spec.weight;
      return known;
    });
    const removed = [...before.values()];
    for (const backend of removed) {
      backend.removed = true;
      this.#stopRamp(backend);
    }
    // A node that came back while the sessions of its former self still run stands here twice, for as long as they do.
    const leaving = this.#backends.filter((backend) => backend.removed && backend.active > 0);
    this.#backends = [...next, ...leaving];
    this.#options = options;
    this.#stale = true;
    return { added, removed };
  }

  /** Forgets what is no longer in the file and has no session left. */
  tidy(): void {
    if (this.#backends.some((backend) => backend.removed && backend.active === 0)) {
      this.#backends = this.#backends.filter((backend) => !backend.removed || backend.active > 0);
    }
  }

  /** The available backends not in `tried`, in the order of the file; backups only when there is nobody else. */
  candidates(tried: readonly Backend[]): readonly Backend[] {
    this.#refresh();
    if (this.#starting.size > 0) this.#ramp();
    const primary = without(this.#primary, tried);
    return primary.length > 0 ? primary : without(this.#backup, tried);
  }

  /** Whether `backend` is one of the candidates for a session that has tried these. */
  isCandidate(backend: Backend, tried: readonly Backend[]): boolean {
    return this.candidates(tried).includes(backend);
  }

  /** Whether a backend holds as many sessions as it may. */
  isFull(backend: Backend): boolean {
    const max = this.#options.maxPerBackend;
    return max !== undefined && backend.active >= max;
  }

  /** Whether all ready backends were seen down and are tried anyway. */
  get failingOpen(): boolean {
    this.#refresh();
    return this.#failingOpen && [...this.#primary, ...this.#backup].every((b) => b.reason !== NOT_ASKED);
  }

  /** Whether any backend may take a session now. */
  get available(): boolean {
    this.#refresh();
    return this.#primary.length > 0 || this.#backup.length > 0;
  }

  setHealth(backend: Backend, health: Health, reason: string, connectFailed: boolean): void {
    backend.reason = health === 'up' ? '' : reason;
    backend.connectFailed = health === 'down' && connectFailed;
    if (backend.health !== health) {
      backend.health = health;
      backend.changedAt = this.#clock.wall();
      if (health === 'up' && this.#options.slowStartMs > 0) this.#starting.set(backend, this.#clock.now());
      else this.#stopRamp(backend);
    }
    this.#stale = true;
  }

  setAdmin(backend: Backend, admin: AdminState): void {
    backend.admin = admin;
    this.#stale = true;
  }

  setAddress(backend: Backend, address: string | undefined): void {
    backend.address = address;
    this.#stale = true;
  }

  setWeight(backend: Backend, weight: number): void {
    backend.spec = { ...backend.spec, weight };
    if (!this.#starting.has(backend)) backend.weight = weight;
  }

  #unknown(spec: BackendSpec): Backend {
    const backend = new Backend(spec, this.#clock.wall());
    backend.health = 'down';
    backend.reason = NOT_ASKED;
    return backend;
  }

  #refresh(): void {
    if (!this.#stale) return;
    this.#stale = false;
    this.#failingOpen = false;
    const ready = this.backends.filter((b) => b.admin === 'ready' && b.address !== undefined && !b.removed);
    const { pinnedNode } = this.#options;
    if (pinnedNode !== undefined) {
      // Never anywhere else; dialling the only node although its answer was wrong can do no harm.
      this.#primary = ready.filter((b) => b.node === pinnedNode && (b.health === 'up' || !b.connectFailed));
      return;
    }
    const up = ready.filter((b) => b.health === 'up');
    this.#failingOpen = up.length === 0 && ready.length > 0 && this.#options.whenAllDown === 'use_all';
    const usable = this.#failingOpen ? ready : up;
    this.#primary = usable.filter((b) => !b.spec.backup);
    this.#backup = usable.filter((b) => b.spec.backup);
  }

  #ramp(): void {
    const now = this.#clock.now();
    for (const [backend, since] of this.#starting) {
      const share = (now - since) / this.#options.slowStartMs;
      if (share >= 1) this.#stopRamp(backend);
      else backend.weight = backend.spec.weight * Math.max(LEAST_SHARE, share);
    }
  }

  #stopRamp(backend: Backend): void {
    this.#starting.delete(backend);
    backend.weight = backend.spec.weight;
  }
}

function without(backends: readonly Backend[], tried: readonly Backend[]): readonly Backend[] {
  return tried.length === 0 ? backends : backends.filter((b) => !tried.includes(b));
}
