// Every failure chargehand knows, as one class. Where a failure is born it is decided what it means; nobody parses
// messages later. Imports nothing.

/** Who caused it: the client, the backend, or we (`proxy`). */
export type Side = 'client' | 'backend' | 'proxy';

/** How far a session had come. */
export const PHASES = ['header', 'wait', 'queue', 'dial', 'handshake', 'relay'] as const;
export type Phase = (typeof PHASES)[number];

/** Why a dial failed: the `reason` of chargehand_dial_failures_total. */
export const DIAL_FAILURES = [
  'refused',
  'reset',
  'timeout',
  'unreachable',
  'unresolved',
  'no-route',
  'no-descriptors',
  'no-local-port',
  'other',
] as const;
export type DialFailure = (typeof DIAL_FAILURES)[number];

export interface ErrorDetails {
  readonly side: Side;
  readonly phase?: Phase;
  /** Whether the same thing may succeed on another backend or a moment later. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/** The base of all errors that chargehand raises itself: `message` is one line a user can act on. */
export class ChargehandError extends Error {
  readonly code: string;
  readonly side: Side;
  readonly phase: Phase | undefined;
  readonly retryable: boolean;

  constructor(code: string, message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.side = details.side;
    this.phase = details.phase;
    this.retryable = details.retryable ?? false;
  }
}

/** One connect attempt that failed. `ours` failures (no descriptors, no local port, no route) never count against a node. */
export class DialError extends ChargehandError {
  readonly reason: DialFailure;
  readonly ours: boolean;

  constructor(reason: DialFailure, message: string, cause?: unknown) {
    const ours = reason === 'no-descriptors' || reason === 'no-local-port' || reason === 'no-route';
    super(`dial-${reason}`, message, { side: ours ? 'proxy' : 'backend', phase: 'dial', retryable: true, cause });
    this.reason = reason;
    this.ours = ours;
  }
}

/** A listener that could not be bound. The message names the address, the reason and the way out. */
export class ListenError extends ChargehandError {
  constructor(code: string, message: string, cause?: unknown) {
    super(code, message, { side: 'proxy', cause });
  }
}

/** One thing wrong (or worth a remark) in a configuration file. Lines and columns count from 1; 0: unknown. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Where in the file, as `services.https.timeouts.idle`; empty: the whole file. */
  readonly path: string;
  /** What is wrong and, where it can be told, what to write instead. */
  readonly message: string;
}

/** A configuration that is not valid: every problem at once. */
export class ConfigError extends ChargehandError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super('config-invalid', problems.map(formatProblem).join('\n'), { side: 'proxy' });
    this.problems = problems;
  }
}

/** `FILE:LINE:COL: PATH: message`; what is unknown is left out, and a warning says that it is one. */
export function formatProblem(problem: Problem): string {
  return problemLine(problem, problem.severity === 'warning' ? 'warning: ' : '');
}

/** The same with another label, or with none where the level of a log line says it already. */
export function problemLine(problem: Problem, label: string): string {
  const place = problem.line > 0 ? `${problem.file}:${problem.line}:${problem.column}` : problem.file;
  const path = problem.path === '' ? '' : `${problem.path}: `;
  return `${place}: ${label}${path}${problem.message}`;
}
