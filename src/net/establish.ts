// The stage between a client and its relay: pick, wait for a place, dial, the next candidate on failure, and (where the
// client's hello may be sent twice) the backend's first answer. Nothing is lost when an attempt fails: what the client
// sent is kept until a backend took it. The place on a backend is taken and given back here until the relay has it.

import { formatHostPort } from '../core/address.ts';
import type { Backend } from '../core/pool.ts';
import { mayRetry, REDIAL_AFTER_MS } from '../core/retry.ts';
import type { DialError, Phase } from '../errors.ts';
import { Attempt } from './attempt.ts';
import type { Connection } from './connection.ts';
import { type EarlyData, MOST_EARLY } from './early-data.ts';
import { proxyPreamble } from './proxy-preamble.ts';
import { QueueTicket, type TicketHolder } from './queue-ticket.ts';
import type { Session } from './session.ts';
import type { Stage } from './session-stage.ts';
import { dialError, dialTimeout } from './socket-error.ts';

const NEVER = Number.POSITIVE_INFINITY;

export class Establish implements Stage, TicketHolder {
  phase: Phase = 'dial';
  readonly tried: Backend[] = [];
  readonly #session: Session;
  readonly #early: EarlyData;
  /** The early data is one whole hello that may be sent to another backend. */
  #failover: boolean;
  #inFailover = false;
  /** Backends that did not answer this hello. */
  readonly #unanswered: Backend[] = [];
  #attempt: Attempt | undefined;
  #ticket: QueueTicket | undefined;
  #deadline = NEVER;
  /** The end of all dials and handshakes; time in the queue doesn't count. */
  #establishBy = NEVER;
  #dialStartedAt = 0;
  #redialAt = NEVER;
  #lastFailure: DialError | undefined;

  constructor(session: Session, early: EarlyData, failover: boolean) {
    this.#session = session;
    this.#early = early;
    this.#failover = failover;
  }

  begin(): void {
    this.#choose();
  }

  onData(bytes: Buffer, from: Connection): boolean {
    if (from === this.#attempt?.connection) {
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
    if (from === this.#attempt?.connection) {
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
    if (from !== this.#attempt?.connection) {
      this.#session.finish(this.phase === 'handshake' ? 'client-reset' : 'client-left', 'client');
    } else if (this.phase === 'handshake') {
      this.#handshakeFailed(true);
    } else {
      this.#dialFailed(dialError(error, this.#session.facts.address ?? ''));
    }
  }

  sweep(now: number): void {
    if (this.phase === 'queue') {
      if (this.#ticket?.isOver(now) === true) this.#session.finish('queue-timeout', 'proxy');
    } else if (now >= this.#redialAt) {
      this.#redialAt = NEVER;
      this.tried.length = 0;
      this.#choose();
    } else if (now >= Math.min(this.#deadline, this.#establishBy)) {
      this.#ranOut(now >= this.#establishBy);
    }
  }

  abandon(gently: boolean): void {
    this.#leaveQueue();
    this.#early.forget();
    this.#endFailover();
    this.#dropAttempt(gently);
  }

  proceed(backend: Backend): void {
    this.#session.guard(() => {
      this.#leaveQueue();
      this.#dial(backend);
    });
  }

  reconsider(): void {
    this.#session.guard(() => this.#choose());
  }

  /** Whoever waits, and has to wait on, stays in the queue. */
  #choose(): void {
    const { host, clientEndpoint } = this.#session;
    const choice = host.pick(this.tried, clientEndpoint?.address);
    if (choice.kind !== 'full') this.#leaveQueue();
    if (choice.kind === 'backend') this.#dial(choice.backend);
    else if (choice.kind === 'full') this.#wait(choice.wanted);
    else this.#giveUp();
  }

  #wait(wanted: Backend | undefined): void {
    this.#ticket ??= new QueueTicket(this.#session.host, this);
    if (this.#ticket.join(wanted)) {
      this.phase = 'queue';
      const { facts } = this.#session;
      facts.queuePlace = this.#ticket.place;
      facts.queuedForOne = wanted !== undefined;
    } else this.#session.finish('refused', 'proxy');
  }

  #leaveQueue(): void {
    if (this.phase !== 'queue' || this.#ticket === undefined) return;
    this.phase = 'dial';
    const waitedMs = this.#ticket.leave();
    this.#session.facts.queueMs = this.#ticket.waitedMs;
    this.#establishBy += waitedMs;
    this.#dialStartedAt += waitedMs;
  }

  #dial(backend: Backend): void {
    const { host, facts } = this.#session;
    const { timeouts } = host.config;
    const now = host.clock.now();
    if (this.#establishBy === NEVER) {
      this.#dialStartedAt = now;
      this.#establishBy = now + timeouts.establishMs;
    }
    this.phase = 'dial';
    this.#deadline = now + timeouts.connectMs;
    const attempt = new Attempt(this.#session, backend, this, (done) => this.#connected(done));
    this.#attempt = attempt;
    facts.backend = backend;
    facts.address = attempt.target;
    facts.local = undefined;
  }

  #connected(attempt: Attempt): void {
    if (attempt !== this.#attempt) return;
    const { connection } = attempt;
    const { host, facts } = this.#session;
    const { address, port } = connection.local;
    facts.dialMs = host.clock.now() - this.#dialStartedAt;
    facts.local = address === undefined ? undefined : formatHostPort(address, port ?? 0);
    const { send } = host.config.proxyProtocol;
    if (send !== false) connection.write(proxyPreamble(send, this.#session));
    if (this.#early.bytes > 0) connection.write(this.#early.whole());
    if (!this.#failover) {
      this.#startRelay();
      return;
    }
    this.phase = 'handshake';
    this.#deadline = host.clock.now() + host.config.timeouts.handshakeMs;
  }

  /** Both sides stand: the relay has the attempt from here on. */
  #startRelay(): void {
    const attempt = this.#attempt;
    if (attempt === undefined) return;
    this.#attempt = undefined;
    this.#early.forget();
    this.#endFailover();
    this.#session.relay(attempt, this.#early.bytes);
  }

  /** The first byte of an answer: whoever did not answer the same hello before is to be asked why. */
  #answered(): void {
    const { host, clientEndpoint } = this.#session;
    for (const backend of this.#unanswered) host.blame(backend, clientEndpoint?.address ?? '');
  }

  #dialFailed(error: DialError): void {
    const { host, facts } = this.#session;
    const backend = this.#attempt?.backend;
    this.#dropAttempt(false);
    if (backend === undefined) return;
    this.#tell(backend, error);
    if (error.reason === 'no-descriptors') {
      this.#session.finish('refused', 'proxy');
      return;
    }
    this.tried.push(backend);
    const verdict = mayRetry(
      { retries: facts.retries, redials: facts.redials, tried: this.tried.length, left: host.anyLeft(this.tried) },
      { most: host.config.retries, pinned: host.config.balance.strategy === 'pinned' },
    );
    if (verdict === 'no') {
      this.#giveUp();
      return;
    }
    this.#countRetry(backend, verdict === 'again');
    if (verdict === 'next') {
      this.#choose();
      return;
    }
    facts.redials++;
    this.#redialAt = host.clock.now() + REDIAL_AFTER_MS;
    this.#deadline = NEVER;
  }

  #tell(backend: Backend, error: DialError): void {
    const { host } = this.#session;
    this.#lastFailure = error;
    host.observer.dialFailed(host.config.name, backend.node, error);
    if (!error.ours) host.failed(backend, error);
  }

  #countRetry(from: Backend, again: boolean): void {
    const { host, facts } = this.#session;
    facts.retries++;
    host.observer.retried(host.config.name, from.node, again);
  }

  /** Nobody is left to try. */
  #giveUp(): void {
    const { host, facts } = this.#session;
    if (this.#establishBy !== NEVER) facts.dialMs = host.clock.now() - this.#dialStartedAt;
    // Whoever did not answer could be dialled: then it was not the dials that failed.
    if (this.#unanswered.length > 0) this.#session.finish('handshake-failed', 'backend');
    else if (this.#lastFailure === undefined) this.#session.finish('no-backend', 'proxy');
    else this.#session.finish(this.#lastFailure.reason === 'timeout' ? 'dial-timeout' : 'dial-failed', 'backend');
  }

  /** `reset`: it ended with a RST; else with a FIN or in silence. */
  #handshakeFailed(reset: boolean): void {
    const { host, facts } = this.#session;
    const attempt = this.#attempt;
    if (attempt === undefined) return;
    const { backend, connection } = attempt;
    this.tried.push(backend);
    const goesOn = facts.retries < host.config.retries && host.anyLeft(this.tried);
    if (goesOn && !this.#inFailover && !host.enterFailover()) {
      // Too many at once: this one goes on as if there were no failover.
      this.#startRelay();
      if (connection.closed) connection.sink.onClose(connection, undefined);
      return;
    }
    this.#unanswered.push(backend);
    this.#dropAttempt(false);
    if (goesOn) {
      this.#inFailover = true;
      this.#countRetry(backend, false);
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
    const attempt = this.#attempt;
    if (this.phase === 'handshake') {
      if (whole) this.#session.finish('handshake-failed', 'backend');
      else this.#handshakeFailed(false);
    } else if (attempt === undefined) {
      this.#giveUp();
    } else if (whole) {
      this.#tell(attempt.backend, dialTimeout(attempt.target));
      this.#giveUp();
    } else {
      this.#dialFailed(dialTimeout(attempt.target));
    }
  }

  #endFailover(): void {
    if (this.#inFailover) this.#session.host.leaveFailover();
    this.#inFailover = false;
  }

  #dropAttempt(gently: boolean): void {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    attempt?.drop(gently);
  }
}
