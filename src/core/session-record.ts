// What is known of a session when it ended, and the closed list of the ways it can end. The log line and the metrics both
// come from the record; it is emitted exactly once.

import type { Phase, Side } from '../errors.ts';

export const ENDS = [
  'completed',
  'client-left',
  'client-reset',
  'backend-reset',
  'dial-failed',
  'dial-timeout',
  'handshake-failed',
  'no-backend',
  'queue-timeout',
  'first-byte-timeout',
  'idle-timeout',
  'half-closed-timeout',
  'refused',
  'denied',
  'bad-proxy-header',
  'drained',
  'closed-by-operator',
  'backend-down',
  'internal',
] as const;
export type End = (typeof ENDS)[number];

const FAILED: ReadonlySet<End> = new Set([
  'backend-reset',
  'dial-failed',
  'dial-timeout',
  'handshake-failed',
  'no-backend',
  'queue-timeout',
  'refused',
  'backend-down',
  'internal',
]);

/** Whether this end is a failure of the service, as `log.sessions: failed` means it. */
export function isFailed(end: End): boolean {
  return FAILED.has(end);
}

/** One finished session. Times are milliseconds; `-1`: that point was never reached. */
export interface SessionRecord {
  /** Unique in the life of the process, and across restarts for all practical purposes. */
  readonly session: string;
  readonly service: string;
  /** The client, `ip:port`; empty for a client on a Unix socket. */
  readonly client: string;
  /** Who really connected, where a PROXY header named another client; else undefined. */
  readonly peer: string | undefined;
  /** The node that served it, or the last one that was tried; undefined: none was. */
  readonly node: string | undefined;
  /** Its address, `ip:port`. */
  readonly backend: string | undefined;
  /** Our own address toward the backend, `ip:port`, where a connection was made. */
  readonly local: string | undefined;
  /** When it was accepted: milliseconds since 1970. */
  readonly acceptedAt: number;
  readonly queueMs: number;
  /** All dials together, retries included. */
  readonly dialMs: number;
  /** From accept to the backend's first byte. */
  readonly firstByteMs: number;
  readonly durationMs: number;
  /** Client to backend. */
  readonly bytesIn: number;
  /** Backend to client. */
  readonly bytesOut: number;
  readonly retries: number;
  /** Of the retries: the same backend again, since there was no other. */
  readonly redials: number;
  /** Its place in the queue when it joined last, from 1; 0: it never waited. */
  readonly queuePlace: number;
  /** It waited for one backend, not for whichever is free first. */
  readonly queuedForOne: boolean;
  /** Sessions beside it when it had ended. */
  readonly beside: {
    readonly process: number;
    readonly service: number;
    /** Of its service's: those that were admitted. */
    readonly admitted: number;
    /** On its backend. */
    readonly node: number;
  };
  readonly phase: Phase;
  readonly endedBy: Side;
  readonly end: End;
  /** HAProxy's two letters for the same ending. */
  readonly flags: string;
}

/** What decides HAProxy's two letters beside the end itself. */
export interface EndContext {
  readonly phase: Phase;
  /** In the relay: whom the session was waiting for when it stood still. */
  readonly waitingFor: 'client' | 'backend';
  /** `refused`: because of this very client's limits, not for want of room. */
  readonly clientLimit: boolean;
}

/** HAProxy's termination flags for an end: first letter who or what, second letter in which phase. */
export function flagsFor(end: End, context: EndContext): string {
  switch (end) {
    case 'completed':
      return '--';
    case 'client-left':
      return context.phase === 'queue' ? 'CQ' : context.phase === 'dial' ? 'CC' : 'CR';
    case 'client-reset':
      return 'CD';
    case 'backend-reset':
    case 'handshake-failed':
      return 'SD';
    case 'dial-failed':
    case 'no-backend':
      return 'SC';
    case 'dial-timeout':
      return 'sC';
    case 'queue-timeout':
      return 'sQ';
    case 'first-byte-timeout':
      return 'cR';
    case 'idle-timeout':
    case 'half-closed-timeout':
      return context.waitingFor === 'client' ? 'cD' : 'sD';
    case 'refused':
      return context.clientLimit ? 'PC' : 'RC';
    case 'denied':
      return 'PC';
    case 'bad-proxy-header':
      return 'PR';
    case 'drained':
    case 'closed-by-operator':
      return 'K-';
    case 'backend-down':
      return 'D-';
    case 'internal':
      return 'IR';
    default:
      return end satisfies never;
  }
}
