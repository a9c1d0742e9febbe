// One accepted connection from accept to end. Owns the order (intake, establish, relay), the one end and the one record;
// what happens within a stage is the stage's. No timers: the session table sweeps.

import { formatHostPort } from '../core/address.ts';
import type { Counted } from '../core/admission.ts';
import type { Backend } from '../core/pool.ts';
import { type End, flagsFor, type SessionRecord } from '../core/session-record.ts';
import type { Phase, Side } from '../errors.ts';
import type { Attempt } from './attempt.ts';
import type { Connection, Sink } from './connection.ts';
import type { EarlyData } from './early-data.ts';
import { Establish } from './establish.ts';
import { Intake } from './intake.ts';
import type { Relay, RelayOutcome } from './relay.ts';
import { overdue } from './relay-deadline.ts';
import type { SessionHost } from './session-host.ts';
import type { Endpoint, Facts, Stage } from './session-stage.ts';
import type { SessionTable } from './session-table.ts';

/** How the client's socket ends: a FIN, or a RST. */
const RESETS_CLIENT: ReadonlySet<End> = new Set(['refused', 'denied', 'bad-proxy-header', 'backend-down', 'internal']);
/** The ends at which a backend sees a FIN too. */
const IN_PEACE: ReadonlySet<End> = new Set(['drained', 'closed-by-operator']);
const IDLE: ReadonlySet<End> = new Set(['idle-timeout', 'half-closed-timeout']);

export class Session {
  readonly id: string;
  readonly host: SessionHost;
  readonly client: Connection;
  /** Who connected; undefined on a Unix socket. */
  readonly peer: Endpoint | undefined;
  /** The listener's port; 0 on a Unix socket. */
  readonly listenPort: number;
  /** Who it is for limits, hashes and logs: the peer, or whom a PROXY header names. */
  clientEndpoint: Endpoint | undefined;
  /** Where the client believes to have connected to, where a PROXY header says so. */
  destination: Endpoint | undefined;
  readonly facts: Facts = {
    backend: undefined,
    address: undefined,
    local: undefined,
    queueMs: -1,
    queuePlace: 0,
    queuedForOne: false,
    dialMs: -1,
    retries: 0,
    redials: 0,
  };
  readonly acceptedAt: number;
  readonly startedAt: number;
  /** What it was counted in when it was admitted. */
  counted: Counted | undefined;
  readonly #table: SessionTable;
  #stage: Stage | undefined;
  /** What the relay runs on. */
  #attempt: Attempt | undefined;
  #relay: Relay | undefined;
  /** TCP keepalive toward the backend is not set yet: four system calls that a short session never needs. */
  #fresh = true;
  #firstByteMs = -1;
  #bytesInCounted = 0;
  #bytesOutCounted = 0;
  #end: { end: End; endedBy: Side; flags: string; phase: Phase } | undefined;
  #clientLimit = false;

  constructor(
    client: Connection,
    listenPort: number,
    peer: Endpoint | undefined,
    host: SessionHost,
    table: SessionTable,
  ) {
    this.id = table.nextId();
    this.host = host;
    this.peer = peer;
    this.clientEndpoint = peer;
    this.listenPort = listenPort;
    this.acceptedAt = host.clock.wall();
    this.startedAt = host.clock.now();
    this.#table = table;
    const intake = new Intake(this);
    this.#stage = intake;
    this.client = client;
    client.sink = intake;
    client.onFault = (error) => this.fault(error);
    table.add(this);
  }

  get phase(): Phase {
    return this.#stage?.phase ?? 'relay';
  }

  /** `ip:port`; empty for a client on a Unix socket. */
  get clientName(): string {
    return format(this.clientEndpoint);
  }

  get backend(): Backend | undefined {
    return this.facts.backend;
  }

  /** Both sides stand, and it has not ended. */
  get relaying(): boolean {
    return this.#relay !== undefined && this.#end === undefined;
  }

  get bytesIn(): number {
    return this.#relay?.bytesIn ?? 0;
  }

  get bytesOut(): number {
    return this.#relay?.bytesOut ?? 0;
  }

  /** Starts it; `room` false: over the process's or the service's limit. */
  begin(room: boolean): void {
    const intake = this.#stage;
    if (!room) this.finish('refused', 'proxy');
    // Reset before it was accepted: who it was can't be asked any more, so no rule can be kept.
    else if (this.peer === undefined && this.listenPort > 0) this.finish('client-left', 'client');
    else if (intake instanceof Intake) this.guard(() => intake.begin());
  }

  /** The client may be served: find it a backend. `failover`: `early` is one whole hello and nothing else. */
  establish(early: EarlyData, failover: boolean): void {
    if (this.#end !== undefined) return;
    const stage = new Establish(this, early, failover);
    this.#stage = stage;
    this.client.sink = stage;
    stage.begin();
  }

  /** Both sides stand; `bytesIn` were already written to the backend. */
  relay(attempt: Attempt, bytesIn: number): void {
    const { connection: backend } = attempt;
    this.#stage = undefined;
    this.#attempt = attempt;
    this.#table.established(this);
    try {
      this.#relay = this.host.startRelay({
        clock: this.host.clock,
        client: this.client,
        backend,
        bytesIn,
        bytesOut: 0,
        firstByte: (at) => {
          this.#firstByteMs = at - this.startedAt;
        },
        done: (outcome) => this.#relayDone(outcome),
      });
    } catch (error) {
      attempt.drop(false);
      throw error;
    }
  }

  /** Ends the session, once: what comes second is ignored (false). `clientLimit`: it was this client's own limit. */
  finish(end: End, endedBy: Side, clientLimit = false): boolean {
    if (this.#end !== undefined) return false;
    this.#clientLimit = clientLimit;
    this.#decide(end, endedBy);
    if (this.#relay !== undefined) {
      this.#relay.stop(IN_PEACE.has(end) ? 'fin' : IDLE.has(end) ? 'idle' : 'reset');
      return true;
    }
    const stage = this.#stage;
    this.#stage = undefined;
    try {
      stage?.abandon(IN_PEACE.has(end));
    } finally {
      this.client.sink = new Closing(() => this.#emit());
      if (this.client.closed) this.#emit();
      else if (RESETS_CLIENT.has(end)) this.client.reset();
      else this.client.close();
    }
    return true;
  }

  /** Like `finish`, for a client that must see a RST because its backend sent one. */
  finishWithReset(end: End, endedBy: Side): void {
    if (this.#end !== undefined) return;
    this.client.reset();
    this.finish(end, endedBy);
  }

  /** A fault of ours: it ends this session and no other. */
  fault(error: unknown): void {
    const [message, stack] = error instanceof Error ? [error.message, error.stack] : [String(error), undefined];
    this.host.observer.notice('error', `a fault of ours in session ${this.id}: ${message}`, { stack });
    this.finish('internal', 'proxy');
  }

  /** Does a part of this session's work: what it throws is this session's and nobody else's. */
  guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fault(error);
    }
  }

  /** Looks at every deadline that may have passed. */
  sweep(now: number): void {
    this.guard(() => {
      if (this.#stage !== undefined) this.#stage.sweep(now);
      else if (this.#relay !== undefined && this.#end === undefined) this.#sweepRelay(this.#relay, now);
      this.#countBytes();
    });
  }

  #sweepRelay(relay: Relay, now: number): void {
    const { keepaliveMs, timeouts } = this.host.config;
    if (keepaliveMs !== false && this.#fresh) relay.keepAlive(keepaliveMs);
    this.#fresh = false;
    const end = overdue(relay, this.facts.backend, timeouts, now);
    if (end !== undefined) this.finish(end, 'proxy');
  }

  /** Moves the bytes since the last look to the backend's counts, so that metrics move while a session runs. */
  #countBytes(): void {
    const { backend } = this.facts;
    if (backend === undefined || this.#relay === undefined) return;
    backend.bytesIn += this.#relay.bytesIn - this.#bytesInCounted;
    backend.bytesOut += this.#relay.bytesOut - this.#bytesOutCounted;
    this.#bytesInCounted = this.#relay.bytesIn;
    this.#bytesOutCounted = this.#relay.bytesOut;
  }

  #relayDone(outcome: RelayOutcome | undefined): void {
    if (outcome !== undefined && this.#end === undefined) this.#decide(outcome.end, outcome.endedBy);
    this.#emit();
  }

  #decide(end: End, endedBy: Side): void {
    const { phase } = this;
    const waitingFor = this.#waitingFor();
    this.#end = { end, endedBy, phase, flags: flagsFor(end, { phase, waitingFor, clientLimit: this.#clientLimit }) };
  }

  #waitingFor(): 'client' | 'backend' {
    const relay = this.#relay;
    if (relay === undefined) return 'client';
    if (relay.halfClosedBy !== undefined) return relay.halfClosedBy === 'client' ? 'backend' : 'client';
    return relay.lastFrom === 'client' ? 'backend' : 'client';
  }

  /** Everything is closed: give back, tell, forget. */
  #emit(): void {
    this.#countBytes();
    // A relay gave it back when its writes out of it had ended.
    if (this.#relay === undefined) this.client.release();
    this.#attempt?.leave();
    this.#table.remove(this);
    this.host.closed(this.counted);
    this.host.observer.sessionEnded(this.#record());
  }

  #record(): SessionRecord {
    const { facts, peer } = this;
    const ended = this.#end ?? { end: 'internal', endedBy: 'proxy', flags: 'IR', phase: this.phase };
    return {
      session: this.id,
      service: this.host.config.name,
      client: this.clientName,
      peer: this.clientEndpoint === peer ? undefined : format(peer),
      node: facts.backend?.node,
      backend: facts.address,
      local: facts.local,
      acceptedAt: this.acceptedAt,
      queueMs: facts.queueMs,
      dialMs: facts.dialMs,
      firstByteMs: this.#firstByteMs,
      durationMs: this.host.clock.now() - this.startedAt,
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
      retries: facts.retries,
      redials: facts.redials,
      queuePlace: facts.queuePlace,
      queuedForOne: facts.queuedForOne,
      beside: {
        process: this.#table.size,
        service: this.host.size,
        admitted: this.host.traffic.admitted.now,
        node: facts.backend?.active ?? 0,
      },
      phase: ended.phase,
      endedBy: ended.endedBy,
      end: ended.end,
      flags: ended.flags,
    };
  }
}

function format(endpoint: Endpoint | undefined): string {
  return endpoint === undefined ? '' : formatHostPort(endpoint.address, endpoint.port);
}

/** The sink of a client whose session has ended: waits for its close, hears nothing else. */
class Closing implements Sink {
  readonly #closed: () => void;

  constructor(closed: () => void) {
    this.#closed = closed;
  }

  onData(): boolean {
    return true;
  }

  onEnd(): void {}

  onDrain(): void {}

  onClose(): void {
    this.#closed();
  }
}
