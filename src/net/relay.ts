// The seam between a session and what moves its bytes. Everything before it (headers, hello, first answer) is the
// session's; everything after it is the record's. Nothing else knows which implementation runs.

import type { Clock } from '../core/clock.ts';
import type { End } from '../core/session-record.ts';
import type { Side } from '../errors.ts';
import type { Connection } from './connection.ts';

/** How a relay ended by itself. */
export interface RelayOutcome {
  readonly end: Extract<End, 'completed' | 'client-reset' | 'backend-reset'>;
  readonly endedBy: Side;
}

/** `fin`: both sides see an end in peace. `idle`: FIN to the client, RST to the backend. `reset`: RST to both. */
export type StopHow = 'fin' | 'idle' | 'reset';

export interface Relay {
  /** Bytes client → backend, backend → client; they move while it runs. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** When a byte or a FIN came last, by the session's clock. */
  readonly movedAt: number;
  /** Which side a byte came from last. */
  readonly lastFrom: 'client' | 'backend';
  /** Which side sent its FIN first; undefined: neither. */
  readonly halfClosedBy: 'client' | 'backend' | undefined;
  /** Has TCP ask the backend after `ms` of silence whether it is still there. */
  keepAlive(ms: number): void;
  /** Ends it from outside. `done` is called once both sockets are closed, without an outcome. */
  stop(how: StopHow): void;
}

export interface RelayStart {
  readonly clock: Clock;
  readonly client: Connection;
  readonly backend: Connection;
  /** Bytes of each side that were already passed on. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** The backend's first byte came at this time of the session's clock. Not called when `bytesOut` is above 0. */
  firstByte(at: number): void;
  /** Called exactly once, when both sockets are closed. `outcome` undefined: it was stopped. */
  done(outcome: RelayOutcome | undefined): void;
}

export type StartRelay = (start: RelayStart) => Relay;
