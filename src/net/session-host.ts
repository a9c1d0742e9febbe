// What a session needs of the service that accepted it, as an interface: the session knows neither balancers nor health.

import type { ServiceConfig } from '../config/config.ts';
import type { Counted } from '../core/admission.ts';
import type { Clock } from '../core/clock.ts';
import type { Observer } from '../core/events.ts';
import type { Backend } from '../core/pool.ts';
import type { Waiting } from '../core/wait-queue.ts';
import type { DialError } from '../errors.ts';
import type { StartRelay } from './relay.ts';
import type { SocketWay } from './socket-way.ts';

/** Who may serve this session: a backend with a free place, nobody, or a full one (`wanted` undefined: any that gets free). */
export type Choice =
  | { readonly kind: 'backend'; readonly backend: Backend }
  | { readonly kind: 'full'; readonly wanted: Backend | undefined }
  | { readonly kind: 'none' };

export type Admission = Counted | 'denied' | 'refused';

export interface SessionHost {
  readonly config: ServiceConfig;
  readonly clock: Clock;
  readonly observer: Required<Observer>;
  readonly startRelay: StartRelay;
  readonly sockets: SocketWay;
  /** Whether this connecting address must send a PROXY header. */
  mustSendHeader(peer: string): boolean;
  /** `deny`, `allow`, then the limits of this client; what is admitted is given back by `closed`. */
  admit(client: string): Admission;
  pick(tried: readonly Backend[], client: string | undefined): Choice;
  /** Whether a candidate is left that was not tried; not a pick. */
  anyLeft(tried: readonly Backend[]): boolean;
  /** Waits for `wanted`, or for any; whoever waits already keeps its turn. False: the queue is full. */
  enqueue(entry: Waiting, wanted: Backend | undefined): boolean;
  leaveQueue(entry: Waiting): void;
  /** Those that wait for whichever backend is free first. */
  readonly queue: { readonly now: number };
  /** Its sessions now, and of those, the ones that were admitted. */
  readonly size: number;
  readonly traffic: { readonly admitted: { readonly now: number } };
  /** A place on this backend got free. */
  placeFreed(backend: Backend): void;
  /** A dial failed: ask for a probe; never a verdict. */
  failed(backend: Backend, error: DialError): void;
  /** Another node answered the hello that this one did not. */
  blame(backend: Backend, client: string): void;
  /** One more session goes into handshake failover, or may not; ended by `leaveFailover`. */
  enterFailover(): boolean;
  leaveFailover(): void;
  /** The session is over, whatever became of it. `counted`: what `admit` gave it; undefined: it was not admitted. */
  closed(counted: Counted | undefined): void;
}
