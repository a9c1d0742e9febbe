// The relay on Node's own sockets: always there. Copies bytes both ways with back-pressure, passes a FIN on as a FIN and
// a RST as a RST. No timers: the session's sweep sees from the byte counts whether it moves.

import type { Connection, Sink } from './connection.ts';
import type { Relay, RelayOutcome, RelayStart, StopHow } from './relay.ts';

/** What a client may still send to a backend that has closed, before it is told by a reset. */
const MOST_DISCARDED = 64 * 1024;

export const startNetRelay = (start: RelayStart): Relay & Sink => new NetRelay(start);

class NetRelay implements Relay, Sink {
  bytesIn: number;
  bytesOut: number;
  movedAt: number;
  lastFrom: 'client' | 'backend' = 'client';
  halfClosedBy: 'client' | 'backend' | undefined;
  readonly #client: Connection;
  readonly #backend: Connection;
  readonly #start: RelayStart;
  #outcome: RelayOutcome | undefined;
  #stopped = false;
  /** The backend has said all it had to say and is gone; what the client still sends goes nowhere. */
  #discarded = -1;

  constructor(start: RelayStart) {
    this.#start = start;
    this.#client = start.client;
    this.#backend = start.backend;
    this.bytesIn = start.bytesIn;
    this.bytesOut = start.bytesOut;
    this.movedAt = start.clock.now();
    this.#client.sink = this;
    this.#backend.sink = this;
    // A session hands over with its bytes written but perhaps not taken yet.
    if (this.#client.ended) this.onEnd(this.#client);
    else if (this.#backend.blocked) this.#client.pause();
    else this.#client.resume();
    if (this.#backend.ended) this.onEnd(this.#backend);
    else if (this.#client.blocked) this.#backend.pause();
    else this.#backend.resume();
  }

  onData(bytes: Buffer, from: Connection): boolean {
    this.movedAt = this.#start.clock.now();
    if (from === this.#backend) {
      if (this.bytesOut === 0) this.#start.firstByte(this.movedAt);
      this.bytesOut += bytes.length;
      this.lastFrom = 'backend';
      return this.#client.write(bytes);
    }
    if (this.#discarded >= 0) return this.#discard(bytes.length);
    this.bytesIn += bytes.length;
    this.lastFrom = 'client';
    return this.#backend.write(bytes);
  }

  onDrain(from: Connection): void {
    const other = from === this.#client ? this.#backend : this.#client;
    if (!other.closed) other.resume();
  }

  onEnd(from: Connection): void {
    const client = from === this.#client;
    this.halfClosedBy ??= client ? 'client' : 'backend';
    this.movedAt = this.#start.clock.now();
    (client ? this.#backend : this.#client).finish();
  }

  onClose(from: Connection, error: Error | undefined): void {
    const other = from === this.#client ? this.#backend : this.#client;
    // Closed before it sent a FIN is a reset too, whether or not Node calls it an error.
    const reset = error !== undefined || !from.ended;
    if (reset && !this.#stopped && this.#outcome === undefined) this.#onReset(from, other);
    if (other.closed) this.#done();
  }

  #onReset(from: Connection, other: Connection): void {
    if (from === this.#backend && from.ended) {
      // It had sent its FIN: the answer is whole, and a reset could cost the client the tail of it. That the backend
      // takes no more is told only to a client that goes on sending.
      this.#discarded = 0;
      if (!other.ended) other.resume();
      return;
    }
    this.#outcome =
      from === this.#client ? { end: 'client-reset', endedBy: 'client' } : { end: 'backend-reset', endedBy: 'backend' };
    other.reset();
  }

  keepAlive(ms: number): void {
    this.#backend.keepAlive(ms);
  }

  stop(how: StopHow): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#outcome = undefined;
    // What still comes goes nowhere: the other side may have been sent its FIN.
    const deaf: Sink = {
      onData: () => true,
      onEnd: () => {},
      onDrain: () => {},
      onClose: (from, error) => this.onClose(from, error),
    };
    this.#client.sink = deaf;
    this.#backend.sink = deaf;
    if (how === 'reset') this.#client.reset();
    else this.#client.close();
    if (how === 'fin') this.#backend.close();
    else this.#backend.reset();
  }

  #discard(n: number): boolean {
    this.#discarded += n;
    if (this.#discarded > MOST_DISCARDED) {
      this.#outcome = { end: 'backend-reset', endedBy: 'backend' };
      this.#client.reset();
    }
    return true;
  }

  #done(): void {
    // Only now: each side's buffer may hold what the other was still writing.
    this.#client.release();
    this.#backend.release();
    if (this.#stopped) this.#start.done(undefined);
    else this.#start.done(this.#outcome ?? { end: 'completed', endedBy: this.halfClosedBy ?? 'backend' });
  }
}
