// What was seen of an episode, by whom, in one shape: what clients saw, what nodes saw, what the log says, what was broken
// when, what the process held. Values only; who judges them stands in invariants/.

import type { NodeAccount } from './node-process.ts';
import type { Behaviour, EpisodePlan } from './plan.ts';
import type { NodeName } from './services.ts';

/** How a session ended for its client. */
export interface ClientSeen {
  readonly id: string;
  readonly service: string;
  readonly behaviour: Behaviour;
  /** Its own `ip:port`. */
  readonly from: string;
  /** When it was connected, or began to try. */
  readonly connectedAt: number;
  readonly endedAt: number;
  /** Who answered; more than one is a fault. */
  readonly nodes: readonly string[];
  /** `whole`: all as planned. `own`: it left of its own will. */
  readonly outcome: 'whole' | 'own' | 'broken' | 'hung' | 'wrong-bytes' | 'certificate' | 'not-connected';
  readonly fault: string;
  /** Bytes of TCP. */
  readonly read: number;
  readonly written: number;
  /** Both sides ended with a FIN. */
  readonly clean: boolean;
}

/** A session as the log has it. */
export interface RecordSeen {
  readonly readAt: number;
  readonly session: string;
  readonly service: string;
  readonly client: string;
  readonly node: string | undefined;
  readonly local: string | undefined;
  readonly dialMs: number;
  readonly durationMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly retries: number;
  readonly end: string;
}

export interface FlipSeen {
  readonly at: number;
  readonly service: string;
  readonly node: string;
  readonly to: 'up' | 'down';
  readonly reason: string;
}

/** When something was broken, by the clock of this machine. */
export interface Window {
  readonly fault: string;
  readonly node: NodeName | undefined;
  /** It began to strike, it had struck, it began to be mended, it was mended. */
  readonly from: number;
  readonly struck: number;
  readonly mending: number;
  readonly to: number;
  /** Why it did not strike after all; undefined: it did. */
  readonly missed: string | undefined;
}

export interface Sample {
  readonly at: number;
  readonly pid: number;
  readonly residentBytes: number;
  readonly sockets: number;
  readonly others: number;
}

export interface Account {
  readonly plan: EpisodePlan;
  readonly clients: readonly ClientSeen[];
  readonly nodes: ReadonlyMap<string, NodeAccount>;
  readonly records: readonly RecordSeen[];
  /** Sessions that the log sums up instead: by service. */
  readonly summedUp: ReadonlyMap<string, number>;
  readonly flips: readonly FlipSeen[];
  /** Lines of level error, and what stood on stderr. */
  readonly complaints: readonly { readonly at: number; readonly text: string }[];
  readonly windows: readonly Window[];
  readonly samples: readonly Sample[];
  /** When all was mended again, and when watching ended. */
  readonly mendedAt: number;
  readonly endedAt: number;
  /** After the last session, before the stop: `name{labels}` to its value. */
  readonly metrics: ReadonlyMap<string, number>;
  /** Lines that the log dropped, or undefined: nobody could be asked. */
  readonly linesDropped: number;
  /** Lines of the log that are none. */
  readonly tornLines: readonly string[];
  /** How late the machine was at worst to do what was due: what takes a time may take so much longer. */
  readonly lateMs: number;
  /** How each life of the program ended: an exit code or a signal, and whether it was to. */
  readonly exits: readonly { readonly how: string; readonly wanted: boolean }[];
}

/** What is wrong, and by which invariant. */
export interface Violation {
  readonly invariant: string;
  readonly what: string;
}

export interface Invariant {
  readonly name: string;
  /** What it promises, in words. */
  readonly promise: string;
  /** It hangs on who was in time: on a machine that was late itself it says nothing. */
  readonly timely?: true;
  check(account: Account): readonly string[];
}
