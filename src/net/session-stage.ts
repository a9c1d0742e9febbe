// What the parts of a session share: the stages before its relay, and what they find out for its record. Types only.

import type { Backend } from '../core/pool.ts';
import type { Phase } from '../errors.ts';
import type { Sink } from './connection.ts';

/** What a session goes through before its relay. */
export interface Stage extends Sink {
  readonly phase: Phase;
  /** Looks at its deadlines. */
  sweep(now: number): void;
  /** The session has ended: give back everything that is held. `gently`: a backend that was reached sees a FIN, not a RST. */
  abandon(gently: boolean): void;
}

/** An address and port as the socket or a PROXY header gave it. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** What a session's stages find out for its record. */
export interface Facts {
  backend: Backend | undefined;
  /** Where it was dialled, `ip:port`. */
  address: string | undefined;
  local: string | undefined;
  queueMs: number;
  /** Its place in the queue when it joined last, from 1; 0: it never waited. */
  queuePlace: number;
  /** It waited for one backend, not for any. */
  queuedForOne: boolean;
  dialMs: number;
  retries: number;
  /** Of the retries: the same backend again, since there was no other. */
  redials: number;
}
