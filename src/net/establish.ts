// The stage between a client and its relay: pick, wait for a place, dial, the next candidate on failure, and (where the
// client's hello may be sent twice) the backend's first answer. Nothing is lost when an attempt fails: what the client
// sent is kept until a backend took it. The place on a backend is taken and given back here until the relay has it.

import { formatHostPort } from '../core/address.ts';
import type { Backend } from '../core/pool.ts';
import { mayRetry, REDIAL_AFTER_MS } from '../core/retry.ts';
import type { Waiting } from '../core/wait-queue.ts';
import { DialError, type Phase } from '../errors.ts';
import type { Connection, Sink } from './connection.ts';
import { dial } from './dial.ts';
import { type EarlyData, MOST_EARLY } from './early-data.ts';
import { proxyPreamble } from './proxy-preamble.ts';
import type { Session, Stage } from './session.ts';
import { dialError } from './socket-error.ts';

const NEVER = Number.POSITIVE_INFINITY;

export class Establish implements Stage, Waiting {
  phase: Phase = 'dial';
  wanted: Backend | undefined;
  readonly tried: Backend[] = [];
  readonly #session: Session;
  readonly #early: EarlyData;
  /** The early data is one whole hello that may be sent to another backend. */
  #failover: boolean;
  #inFailover = false;
  /** Backends that did not answer this hello. */
  readonly #unanswered: Backend[] = [];
  #backend: Backend | undefined;
  #connection: Connection | undefined;
  #deadline = NEVER;
  #establishBy = NEVER;
  #queuedAt = 0;
  #dialStartedAt = 0;
  #redials = 0;
  #redialAt = NEVER;
  #lastFailure: DialError | undefined;

  constructor(session: Session, early: EarlyData, failover: boolean) {
    this.#session = session;
    this.#early = early;
    this.#failover = failover && early.keep();
  }

  begin(): void {
    this.#choose();
  }

  onData(bytes: Buffer, from: Connection): boolean {
    if (from === this.#connection) {
      this.#answered();
      this.#startRelay();
      return from.sink.onData(bytes, from);
    }
    if (this.phase === 'handshake') {
      // More than the hello: from here on nothing may be sent twice.
      this.#startRelay();
      return from.sink.onData(bytes, from);
    }
    this.#early.add(bytes);
    this.#failover = false;
    return this.#early.bytes < MOST_EARLY;
  }

  onEnd(from: Connection): void {
    if (from === this.#connection) {
      this.#handshakeFailed(false);
    } else if (this.phase === 'handshake') {
      this.#startRelay();
    } else if (this.#early.bytes === 0) {
      this.#session.finish('client-left', 'client');
    } else {
      this.#failover = false;
    }
  }

  onDrain(): void {}

  onClose(from: Connection, error: Error | undefined): void {
    if (from !== this.#connection) {
      this.#session.finish(this.phase === 'handshake' ? 'client-reset' : 'client-left', 'client');
    } else if (this.phase === 'handshake') {
      this.#handshakeFailed(true);
    } else {
      this.#dialFailed(dialError(error, this.#session.facts.address ?? ''));
    }
  }

  sweep(now: number): void {
    if (this.phase === 'queue') {
      if (now >= this.#deadline) this.#session.finish('queue-timeout', 'proxy');
    } else if (now >= this.#redialAt) {
      this.#redialAt = NEVER;
      this.tried.length = 0;
      this.#choose();
    } else if (now >= Math.min(this.#deadline, this.#establishBy)) {
      this.#ranOut(now >= this.#establishBy);
    }
  }

  abandon(): void {
    this.#leaveQueue();
    this.#early.forget();
    this.#endFailover();
    this.#dropConnection();
    this.#giveBack();
  }

  proceed(backend: Backend): void {
    this.#session.facts.queueMs = this.#session.host.clock.now() - this.#queuedAt;
    this.#dial(backend);
  }

  /** The backend it waits for may no longer be the right one. */
  reconsider(): void {
    this.#leaveQueue();
    this.#choose();
  }

  #choose(): void {
    const { host, clientEndpoint } = this.#session;
    const choice = host.pick(this.tried, clientEndpoint?.address);
    if (choice.kind === 'backend') this.#dial(choice.backend);
    else if (choice.kind === 'full') this.#wait(choice.wanted);
    else this.#giveUp();
  }

  #wait(wanted: Backend | undefined): void {
    const { host } = this.#session;
    this.wanted = wanted;
    if (!host.enqueue(this)) {
      this.#session.finish('refused', 'proxy');
      return;
    }
    this.phase = 'queue';
    this.#queuedAt = host.clock.now();
    this.#deadline = this.#queuedAt + host.config.timeouts.queueMs;
  }

  #leaveQueue(): void {
    if (this.phase !== 'queue') return;
    const { host, facts } = this.#session;
    this.phase = 'dial';
    host.leaveQueue(this);
    facts.queueMs = host.clock.now() - this.#queuedAt;
  }

  #dial(backend: Backend): void {
    const { host, facts, listenPort } = this.#session;
    const { timeouts, sourceAddress } = host.config;
    const now = host.clock.now();
    this.phase = 'dial';
    this.#backend = backend;
    backend.active++;
    if (this.#establishBy === NEVER) {
      this.#dialStartedAt = now;
      this.#establishBy = now + timeouts.establishMs;
    }
    this.#deadline = now + timeouts.connectMs;
    const port = backend.spec.port ?? listenPort;
    const address = backend.address ?? backend.spec.host;
    facts.backend = backend;
    facts.address = formatHostPort(address, port);
    this.#connection = dial({ address, port, sourceAddress }, this, (c) => this.#connected(c));
  }

  #connected(connection: Connection): void {
    if (connection !== this.#connection) return;
    const { host, facts } = this.#session;
    const { localAddress, localPort } = connection.socket;
    facts.dialMs = host.clock.now() - this.#dialStartedAt;
    facts.local = localAddress === undefined ? undefined : formatHostPort(localAddress, localPort ?? 0);
    const { send } = host.config.proxyProtocol;
    if (send !== false) connection.write(proxyPreamble(send, this.#session));
    for (const chunk of this.#early.chunks) connection.write(chunk);
    if (!this.#failover) {
      this.#startRelay();
      return;
    }
    this.phase = 'handshake';
    this.#deadline = host.clock.now() + host.config.timeouts.handshakeMs;
  }

  /** Both sides stand: the relay has the backend's place from here on. */
  #startRelay(): Connection {
    const connection = this.#connection as Connection;
    this.#early.forget();
    this.#endFailover();
    this.#connection = undefined;
    this.#backend = undefined;
    this.#session.relay(connection, this.#early.bytes);
    return connection;
  }

  /** The first byte of an answer: whoever did not answer the same hello before is to be asked why. */
  #answered(): void {
    const { host, clientEndpoint } = this.#session;
    for (const backend of this.#unanswered) host.blame(backend, clientEndpoint?.address ?? '');
  }

  #dialFailed(error: DialError): void {
    const { host } = this.#session;
    const backend = this.#backend;
    this.#lastFailure = error;
    this.#dropConnection();
    this.#giveBack();
    if (backend === undefined) return;
    host.observer.dialFailed(host.config.name, backend.node, error);
    if (!error.ours) host.failed(backend, error);
    if (error.reason === 'no-descriptors') {
      this.#session.finish('refused', 'proxy');
      return;
    }
    this.#tryAnother(backend);
  }

  #tryAnother(backend: Backend): void {
    const { host, facts } = this.#session;
    this.tried.push(backend);
    const verdict = mayRetry(
      { retries: facts.retries, redials: this.#redials, tried: this.tried.length, left: host.anyLeft(this.tried) },
      { most: host.config.retries, pinned: host.config.balance.strategy === 'pinned' },
    );
    if (verdict === 'no') {
      this.#giveUp();
      return;
    }
    facts.retries++;
    host.observer.retried(host.config.name);
    if (verdict === 'next') {
      this.#choose();
      return;
    }
    this.#redials++;
    this.#redialAt = host.clock.now() + REDIAL_AFTER_MS;
    this.#deadline = NEVER;
  }

  #giveUp(): void {
    const { host, facts } = this.#session;
    if (this.tried.length === 0) {
      this.#session.finish('no-backend', 'proxy');
      return;
    }
    facts.dialMs = host.clock.now() - this.#dialStartedAt;
    const silent = this.#lastFailure?.reason === 'timeout';
    this.#session.finish(silent ? 'dial-timeout' : 'dial-failed', 'backend');
  }

  /** `reset`: it ended with a RST; else with a FIN or in silence. */
  #handshakeFailed(reset: boolean): void {
    const { host, facts } = this.#session;
    const backend = this.#backend;
    if (backend === undefined) return;
    if (!this.#inFailover && !host.enterFailover()) {
      // Too many at once: this one goes on as if there were no failover.
      const connection = this.#startRelay();
      if (connection.closed) connection.sink.onClose(connection, undefined);
      return;
    }
    this.#inFailover = true;
    this.#unanswered.push(backend);
    this.tried.push(backend);
    this.#dropConnection();
    this.#giveBack();
    if (host.anyLeft(this.tried) && facts.retries < host.config.retries) {
      facts.retries++;
      host.observer.handshakeFailedOver(host.config.name, backend.node);
      this.#choose();
    } else if (reset) {
      this.#session.finishWithReset('handshake-failed', 'backend');
    } else {
      this.#session.finish('handshake-failed', 'backend');
    }
  }

  /** A deadline has passed. `whole`: the one over all attempts. */
  #ranOut(whole: boolean): void {
    const { host, facts } = this.#session;
    const target = facts.address ?? '';
    if (this.phase === 'handshake') {
      if (whole) this.#session.finish('handshake-failed', 'backend');
      else this.#handshakeFailed(false);
      return;
    }
    const ms = host.config.timeouts.connectMs;
    const error = new DialError('timeout', `connect to ${target}: no answer within ${ms} ms`);
    if (!whole) {
      this.#dialFailed(error);
      return;
    }
    this.#lastFailure = error;
    if (this.#backend !== undefined) {
      host.observer.dialFailed(host.config.name, this.#backend.node, error);
      host.failed(this.#backend, error);
      this.tried.push(this.#backend);
    }
    this.#giveUp();
  }

  #endFailover(): void {
    if (this.#inFailover) this.#session.host.leaveFailover();
    this.#inFailover = false;
  }

  #dropConnection(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#connection = undefined;
    connection.sink = DROPPED;
    if (connection.closed) connection.release();
    else if (connection.socket.connecting) connection.socket.destroy();
    else connection.reset();
  }

  #giveBack(): void {
    const backend = this.#backend;
    if (backend === undefined) return;
    this.#backend = undefined;
    backend.active--;
    this.#session.host.placeFreed(backend);
  }
}

/** Hears of a connection that nobody wants any more. */
const DROPPED: Sink = {
  onData: () => true,
  onEnd: () => {},
  onDrain: () => {},
  onClose: (from) => from.release(),
};
