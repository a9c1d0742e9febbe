// One attempt of a session to reach one backend: the place it takes there and the connection it makes. Both are taken
// together; the place is given back exactly once, by whoever holds the attempt last: the stage that drops it, or the
// session whose relay ran on it.

import { formatHostPort } from '../core/address.ts';
import type { Backend } from '../core/pool.ts';
import { type Connection, DROPPED, type Sink } from './connection.ts';
import { dial } from './dial.ts';
import type { Session } from './session.ts';

export class Attempt {
  readonly backend: Backend;
  /** Where it is dialled, `ip:port`. */
  readonly target: string;
  readonly connection: Connection;
  readonly #session: Session;
  #holdsPlace = true;

  /** `connected` is called once, if the connection comes to stand; otherwise `sink.onClose` is. */
  constructor(session: Session, backend: Backend, sink: Sink, connected: (attempt: Attempt) => void) {
    const { sourceAddress } = session.host.config;
    const port = backend.spec.port ?? session.listenPort;
    const address = backend.address ?? backend.spec.host;
    this.backend = backend;
    this.target = formatHostPort(address, port);
    this.#session = session;
    this.connection = dial(session.host.sockets, { address, port, sourceAddress }, sink, () =>
      session.guard(() => connected(this)),
    );
    backend.take();
    this.connection.onFault = (error) => session.fault(error);
  }

  /** Ends it: nobody hears of it any more. `gently`: the backend sees a FIN; else a RST. */
  drop(gently: boolean): void {
    const { connection } = this;
    connection.sink = DROPPED;
    if (connection.closed) connection.release();
    else if (connection.socket.connecting) connection.socket.destroy();
    else if (gently) connection.close();
    else connection.reset();
    this.leave();
  }

  /** Gives the place back; what becomes of the connection is the relay's. */
  leave(): void {
    if (!this.#holdsPlace) return;
    this.#holdsPlace = false;
    this.backend.active--;
    this.#session.host.placeFreed(this.backend);
  }
}
