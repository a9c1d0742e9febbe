// What a probe remembers of its one server, so that most of its handshakes need no public keys and carry no certificate:
// each connection is fresh, the TLS session is taken up again (RFC 5246 section 7.3, RFC 5077), and once a minute, or
// when that fails, it is a full one. A session of TLS 1.3 would cost a key exchange each time, so a server that speaks it
// is offered 1.2 at most from its second handshake on, and left alone with that if it refuses. See docs/decisions/0006.

import type { SecureContext } from 'node:tls';
import type { Credentials } from './credentials.ts';
import type { Secured } from './tls-handshake.ts';

/** A new certificate is seen within so long. */
const FULL_EVERY_MS = 60_000;

export interface Offer<Judged> {
  readonly context: SecureContext;
  readonly session: Buffer | undefined;
  /** What was judged of the certificate, when the session began. */
  readonly judged: Judged | undefined;
  /** A plain full handshake: if this one fails, there is nothing else to try. */
  readonly plain: boolean;
}

interface Known<Judged> {
  readonly credentials: Credentials;
  readonly session: Buffer;
  readonly judged: Judged;
  readonly since: number;
}

export class TlsSession<Judged> {
  readonly #now: () => number;
  #known: Known<Judged> | undefined;
  /** `newest`: what the server likes best; `older`: at most 1.2. */
  #versions: 'newest' | 'older' = 'newest';
  #refusesOlder = false;
  #refusesSessions = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  offer(credentials: Credentials): Offer<Judged> {
    const known = this.#known;
    const context = this.#versions === 'older' ? credentials.olderContext : credentials.context;
    const good = known?.credentials === credentials && this.#now() - known.since < FULL_EVERY_MS;
    if (known === undefined || !good) {
      return { context, session: undefined, judged: undefined, plain: this.#versions === 'newest' };
    }
    return { context, session: known.session, judged: known.judged, plain: false };
  }

  /** The offer did not work, and a plain one after it did: it is not made again. */
  refused(offer: Offer<Judged>): void {
    if (offer.session !== undefined) this.#refusesSessions = true;
    else this.#refusesOlder = true;
    this.forget();
  }

  /** The next handshake is a plain one. */
  forget(): void {
    this.#known = undefined;
    this.#versions = 'newest';
  }

  /** A full handshake stands, with a server that is what it should be. */
  begun(credentials: Credentials, { socket }: Secured, judged: Judged): void {
    this.#known = undefined;
    if (!this.#refusesOlder) this.#versions = 'older';
    if (this.#refusesSessions || socket.getProtocol() === 'TLSv1.3') return;
    const session = socket.getSession();
    if (session !== undefined) this.#known = { credentials, session, judged, since: this.#now() };
  }
}
