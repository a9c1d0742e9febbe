// What a probe is: one question to one address, answered once. Owns the words of its answers. Knows no schedule, no
// rise or fall and no pool.

import type { Duplex } from 'node:stream';
import type { DialFailure } from '../../errors.ts';
import type { GiveUpSignal } from './give-up.ts';

export interface ProbeTarget {
  readonly address: string;
  readonly port: number;
  /** The local address to ask from. */
  readonly from?: string | undefined;
}

/** A TCP socket as far as a probe needs it. It comes from net/; health/ opens none. */
export interface ProbeSocket extends Duplex {
  /** Closes with a reset. */
  resetAndDestroy(): unknown;
}

/** A bare TCP connection, for probes that need no stream. */
export interface Line {
  /** The bytes must not change until it is closed. */
  write(bytes: Buffer): unknown;
  /** A FIN, and no more reading. */
  close(): void;
  /** A RST. */
  reset(): void;
}

/** Hears what becomes of a line. Nothing is called before `open` has returned. */
export interface LineOwner {
  connected(): void;
  /** Bytes that may be overwritten after it. */
  data(bytes: Buffer): void;
  /** The server's FIN. */
  ended(): void;
  /** Exactly once, at last. A line that never stood says why not by a DialError. */
  closed(error: Error | undefined): void;
}

/** What probes need of net/. */
export interface Network {
  /** Connects, or rejects with a DialError; an aborted signal is a connect timeout. */
  connect(target: ProbeTarget, signal: GiveUpSignal): Promise<ProbeSocket>;
  open(target: ProbeTarget, owner: LineOwner): Line;
}

/** One run of a probe, as the one who asks sees it. */
export interface ProbeRun {
  /** Aborted at the deadline, or when nobody wants the answer any more. */
  readonly signal: GiveUpSignal;
  /** The deadline, for the words of a failure. */
  readonly timeoutMs: number;
  /** The verdict is known and what remains is to close properly: stops the stopwatch. */
  answered(): void;
}

/** Asks once. Resolves, never rejects, and only when its socket is closed. */
export type Probe = (target: ProbeTarget, run: ProbeRun) => Promise<ProbeVerdict>;

/** What could be read of the server's certificate without believing it. */
export interface SeenCertificate {
  /** Its subject's name (CN), or its first alternative name; printable. */
  readonly name: string;
  /** Its last good moment, in seconds since 1970. */
  readonly expiresAt: number | undefined;
}

/** Why a probe failed, as a label: the `reason` of chargehand_probe_failures_total. */
export const PROBE_FAILURES = [
  'refused',
  'reset',
  'timeout',
  'unreachable',
  'unresolved',
  'no-route',
  'no-descriptors',
  'no-local-port',
  'other',
  'late',
  'no-answer',
  'closed',
  'tls',
  'certificate',
  'protocol',
  'status',
  'content',
] as const satisfies readonly (DialFailure | string)[];
export type ProbeFailure = (typeof PROBE_FAILURES)[number];

export interface ProbeGood {
  readonly ok: true;
  readonly certificate?: SeenCertificate | undefined;
  /** Worth telling, but no failure: `certificate expired on 2026-01-01`. */
  readonly findings?: readonly string[];
}

export interface ProbeBad {
  readonly ok: false;
  /**
   * `hard`: refused, reset, connect timeout, a wrong answer. `slow`: connected, and no answer in time. `ours`: no
   * descriptors, no local port, no route: never counts against a node.
   */
  readonly kind: 'hard' | 'slow' | 'ours';
  /** How far it came: no connection at all, or connected and not the right answer. */
  readonly stage: 'connect' | 'answer';
  readonly code: ProbeFailure;
  /** In words, one line, printable: `GET /pulp/api/v3/status/: database_connection.connected is false`. */
  readonly reason: string;
  readonly certificate?: SeenCertificate | undefined;
  readonly findings?: readonly string[];
}

export type ProbeVerdict = ProbeGood | ProbeBad;

/** A verdict and the time until it was known. */
export type ProbeResult = ProbeVerdict & { readonly seconds: number };
