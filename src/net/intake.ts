// The first stage of a session: who is the client, may it come in, and (where asked for) has it spoken? Dials nothing.
// Order: PROXY header, deny and allow, the client's own limits, the client's first bytes.

import type { Phase } from '../errors.ts';
import { HelloReader } from './client-hello.ts';
import type { Connection } from './connection.ts';
import { EarlyData, MOST_EARLY } from './early-data.ts';
import { looksLikeProxyHeader, parseProxyHeader } from './proxy-protocol.ts';
import type { Session } from './session.ts';
import type { Stage } from './session-stage.ts';

export class Intake implements Stage {
  phase: Phase = 'wait';
  readonly #session: Session;
  readonly #early = new EarlyData();
  #hello: HelloReader | undefined;
  #deadline = Number.POSITIVE_INFINITY;
  /** A peer that may not send a PROXY header: its first bytes are looked at. */
  #headerForbidden = false;

  constructor(session: Session) {
    this.#session = session;
  }

  begin(): void {
    const { host, peer } = this.#session;
    const { accept } = host.config.proxyProtocol;
    this.#deadline = this.#session.startedAt + host.config.timeouts.firstByteMs;
    if (accept.length > 0) {
      if (peer !== undefined && host.mustSendHeader(peer.address)) {
        this.phase = 'header';
        return;
      }
      this.#headerForbidden = true;
    }
    this.#admit();
  }

  onData(bytes: Buffer, _from: Connection): boolean {
    if (this.phase === 'header') return this.#readHeader(bytes);
    this.#early.add(bytes);
    return this.#heard(bytes);
  }

  onEnd(_from: Connection): void {
    if (this.phase === 'header') {
      if (this.#early.bytes === 0) this.#session.finish('client-left', 'client');
      else this.#session.finish('bad-proxy-header', 'proxy');
    } else if (this.#early.bytes === 0) {
      this.#session.finish('client-left', 'client');
    } else {
      // A half-closed client has said what it had to say: no hello, so no failover.
      this.#proceed(false);
    }
  }

  onDrain(): void {}

  onClose(_from: Connection, _error: Error | undefined): void {
    this.#session.finish('client-left', 'client');
  }

  sweep(now: number): void {
    if (now < this.#deadline) return;
    this.#session.finish(this.phase === 'header' ? 'bad-proxy-header' : 'first-byte-timeout', 'proxy');
  }

  abandon(_gently: boolean): void {
    this.#early.forget();
  }

  #readHeader(bytes: Buffer): boolean {
    this.#early.add(bytes);
    const header = parseProxyHeader(this.#early.whole());
    if (header.kind === 'incomplete') return true;
    if (header.kind === 'bad') {
      this.#session.finish('bad-proxy-header', 'proxy');
      return true;
    }
    this.#early.dropFirst(header.length);
    // LOCAL and UNKNOWN name nobody: the peer speaks for itself.
    if (header.source !== undefined) {
      this.#session.clientEndpoint = header.source;
      this.#session.destination = header.destination;
    }
    this.phase = 'wait';
    return this.#admit();
  }

  /** The client is known. False: enough was read. */
  #admit(): boolean {
    const { host, clientEndpoint } = this.#session;
    const verdict = host.admit(clientEndpoint?.address ?? '');
    if (verdict === 'denied' || verdict === 'refused') {
      this.#session.finish(verdict, 'proxy', true);
      return true;
    }
    this.#session.counted = verdict;
    host.observer.sessionStarted(this.#session.id, host.config.name, this.#session.clientName);
    if (host.config.handshakeFailover) {
      this.#hello = new HelloReader();
      this.#early.expectHello();
    }
    const waits = host.config.waitForClient || host.config.handshakeFailover || this.#headerForbidden;
    if (!waits) {
      this.#proceed(false);
      return true;
    }
    return this.#early.bytes === 0 || this.#heard(this.#early.whole());
  }

  /** More of the client's first bytes, already kept. False: enough was read. */
  #heard(bytes: Buffer): boolean {
    if (this.#headerForbidden) {
      const verdict = looksLikeProxyHeader(this.#early.whole());
      if (verdict === 'maybe') return true;
      if (verdict === 'yes') {
        this.#session.finish('bad-proxy-header', 'proxy');
        return true;
      }
      this.#headerForbidden = false;
      bytes = this.#early.whole();
    }
    const hello = this.#hello?.push(bytes);
    const mayKeep = this.#early.mayKeep();
    if (hello?.kind === 'incomplete' && mayKeep) return true;
    // Only a hello and nothing after it may be sent twice.
    this.#proceed(hello?.kind === 'whole' && hello.trailing === 0 && mayKeep);
    return this.#early.bytes < MOST_EARLY;
  }

  #proceed(failover: boolean): void {
    this.#session.establish(this.#early, failover);
  }
}
