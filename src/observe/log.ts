// The log: what happened, as lines, by pino. It listens to the events and decides which line each one becomes, at which
// level, and how many of a kind. It writes to one descriptor and never makes the relay wait (log-destination.ts).

import { type Logger, pino } from 'pino';
import type { LogConfig } from '../config/config.ts';
import type { AdminState } from '../core/backend.ts';
import type { Clock } from '../core/clock.ts';
import type { HealthFlip, Observer } from '../core/events.ts';
import { printable } from '../core/printable.ts';
import { isFailed, type SessionRecord } from '../core/session-record.ts';
import type { DialError } from '../errors.ts';
import { haproxyAdminLine, haproxyHealthLine, haproxySessionLine } from './haproxy-line.ts';
import { haproxyTime } from './haproxy-time.ts';
import { isoTime } from './iso-time.ts';
import { LineLimit } from './line-limit.ts';
import { LogDestination } from './log-destination.ts';
import { sessionLine } from './session-line.ts';
import { textFormatter } from './text-line.ts';

export interface LogOptions {
  /** Where lines go; 1 in production. Must not block: see log-destination.ts. Closed with the log, unless it is 1 or 2. */
  readonly fd: number;
  readonly isTerminal: boolean;
  /** Colours on the terminal (main knows NO_COLOR); default `isTerminal`. */
  readonly color?: boolean;
  readonly clock: Clock;
  /** At most so many bytes of lines wait for a reader that doesn't read; default 8 MB: a node that dies with all its sessions. */
  readonly maxBytes?: number;
}

/** Lines about refused and denied sessions: so many a second for a service, then one that sums up. */
const REFUSALS_PER_SECOND = 10;
/** Dials that failed for a reason of this machine: a line for a service in so many milliseconds, then one that sums up. */
const OWN_FAULTS_MS = 10_000;
const MAX_DETAIL = 1000;
/** pino's own keys: a detail of that name would make a second key of the same name in one line. */
const RESERVED: ReadonlySet<string> = new Set(['level', 'time', 'msg']);

export function createLog(config: LogConfig, options: LogOptions): Log {
  return new Log(config, options);
}

export class Log implements Observer {
  #config: LogConfig;
  readonly #logger: Logger;
  readonly #destination: LogDestination;
  /** One JSON line, with its newline; written as text where text is wanted. */
  readonly #write: (line: string) => void;
  readonly #now: () => string;
  readonly #accepted = isoTime();
  /** Lines in HAProxy's own words, where there are such; undefined: that format is not wanted. */
  readonly #haproxy: ((line: string) => void) | undefined;
  readonly #haproxyTime = haproxyTime();
  readonly #refusals: LineLimit;
  readonly #ownFaults: LineLimit;

  constructor(config: LogConfig, options: LogOptions) {
    const { clock, isTerminal } = options;
    this.#config = config;
    this.#destination = new LogDestination({
      fd: options.fd,
      clock,
      maxBytes: options.maxBytes ?? 8 * 1024 * 1024,
      // A terminal shows each line at once; a journal gets a system call for many sessions rather than for each.
      batchBytes: isTerminal ? 1 : 4096,
      batchMs: 100,
      flowing: (lines) => this.#logger.warn({ lines }, 'log lines were dropped: stdout was not read fast enough'),
    });
    // What HAProxy has no words for is a readable line.
    const haproxy = config.format === 'haproxy';
    const text = haproxy || config.format === 'text' || (config.format === 'auto' && isTerminal);
    const format = text ? textFormatter({ color: options.color ?? isTerminal, short: isTerminal }) : undefined;
    const destination = this.#destination;
    this.#write = format === undefined ? (line) => destination.write(line) : (line) => destination.write(format(line));
    this.#haproxy = haproxy ? (line) => destination.write(line) : undefined;
    const now = isoTime();
    this.#now = () => now(clock.wall());
    this.#logger = pino(
      {
        level: config.level,
        // No pid and host name: the journal has both.
        base: null,
        formatters: { level: (label) => ({ level: label }) },
        timestamp: () => `,"time":"${this.#now()}"`,
      },
      { write: this.#write },
    );
    this.#refusals = new LineLimit(REFUSALS_PER_SECOND, 1000, clock, (service, held) => {
      const level = held.has('refused') ? 'warn' : 'info';
      this.#logger[level](
        { service, ...Object.fromEntries(held) },
        'more sessions refused or denied, not logged singly',
      );
    });
    this.#ownFaults = new LineLimit(1, OWN_FAULTS_MS, clock, (service, held) =>
      this.#logger.warn({ service, ...Object.fromEntries(held) }, 'more dials failed, and not because of a node'),
    );
  }

  /** Lines that were dropped because nobody read them. */
  get dropped(): number {
    return this.#destination.dropped;
  }

  /** Takes over level, sessions and session_start of a reloaded file; the format stays until a restart. */
  update(config: LogConfig): void {
    this.#config = config;
    this.#logger.level = config.level;
  }

  /**
   * Writes out what waits, for at most `withinMs`. Main awaits it before it ends the process: left to itself, pino
   * flushes at exit for as long as it takes.
   */
  close(withinMs = 1000): Promise<void> {
    this.#refusals.close();
    this.#ownFaults.close();
    return this.#destination.close(withinMs);
  }

  sessionStarted(session: string, service: string, client: string): void {
    if (!this.#config.sessionStart || this.#config.sessions !== 'all') return;
    this.#logger.info({ session, service, client: client === '' ? undefined : client }, 'session started');
  }

  sessionEnded(record: SessionRecord): void {
    const failed = isFailed(record.end);
    if (this.#config.sessions === 'none' || (this.#config.sessions === 'failed' && !failed)) return;
    const level = failed ? 'warn' : 'info';
    if (!this.#logger.isLevelEnabled(level)) return;
    const limited = record.end === 'refused' || record.end === 'denied';
    if (limited && !this.#refusals.admit(record.service, record.end)) return;
    if (this.#haproxy !== undefined) this.#haproxy(haproxySessionLine(record, this.#haproxyTime));
    else this.#write(sessionLine(record, level, this.#now(), this.#accepted));
  }

  dialFailed(service: string, node: string, error: DialError): void {
    // What is no node's fault is told by nobody else: not by the checks, and not by the record of the session.
    const level = error.ours && this.#ownFaults.admit(service, error.reason) ? 'warn' : 'debug';
    if (!this.#logger.isLevelEnabled(level)) return;
    const words = error.ours ? 'dial failed, and not because of the node' : 'dial failed';
    this.#logger[level]({ service, node, reason: error.reason, detail: shown(error.message) }, words);
  }

  handshakeFailedOver(service: string, node: string): void {
    this.#logger.debug({ service, node }, 'handshake not answered, trying the next node');
  }

  healthFlipped(flip: HealthFlip): void {
    const level = flip.to === 'up' ? 'info' : 'warn';
    if (this.#haproxy !== undefined) {
      if (this.#logger.isLevelEnabled(level)) this.#haproxy(haproxyHealthLine(flip));
      return;
    }
    const fields = { service: flip.service, node: flip.node, reason: shown(flip.reason) };
    this.#logger[level](fields, `backend ${flip.to}`);
  }

  healthSpared(service: string, node: string, spared: boolean, reason: string): void {
    const fields = { service, node, reason: shown(reason) };
    if (spared) this.#logger.warn(fields, 'backend slow, but kept: too few others are up');
    else this.#logger.info({ service, node }, 'backend no longer slow');
  }

  probed(service: string, node: string, seconds: number, failure: string | undefined): void {
    if (!this.#logger.isLevelEnabled('trace')) return;
    this.#logger.trace({ service, node, seconds, failure: failure && shown(failure) }, 'probe');
  }

  probeFindings(service: string, node: string, findings: readonly string[]): void {
    if (findings.length > 0) this.#logger.warn({ service, node, findings: findings.map(shown) }, 'probe findings');
    else this.#logger.info({ service, node }, 'probe findings are gone');
  }

  adminChanged(service: string, node: string, state: AdminState, reason: string): void {
    if (this.#haproxy === undefined) this.#logger.info({ service, node, state, reason }, 'admin state changed');
    else if (this.#logger.isLevelEnabled('info')) this.#haproxy(haproxyAdminLine(service, node, state));
  }

  failingOpen(service: string, failing: boolean): void {
    if (failing) this.#logger.error({ service }, 'failing open: all ready backends are down, they are tried anyway');
    else this.#logger.info({ service }, 'no longer failing open: a backend is up');
  }

  pinnedChanged(service: string, node: string, up: boolean, reason: string): void {
    // The profiles' name for it: there the only node is the CA, and an administrator looks for that word.
    const what = service === 'puppet-ca' ? 'the CA' : 'the only node of a pinned service';
    const fields = { service, node, reason: shown(reason) };
    if (up) this.#logger.info(fields, `${what} is up again`);
    else this.#logger.error(fields, `${what} is down, no other node takes its place`);
  }

  resolved(node: string, host: string, address: string | undefined, reason: string): void {
    const fields = { node, host, address, reason: reason === '' ? undefined : shown(reason) };
    if (address === undefined) this.#logger.warn(fields, 'name does not resolve');
    else this.#logger.info(fields, 'name resolved');
  }

  notice(level: 'info' | 'warn' | 'error', message: string, details?: Readonly<Record<string, unknown>>): void {
    if (!this.#logger.isLevelEnabled(level)) return;
    this.#logger[level](shownDetails(details), shown(message));
  }
}

/** The last guard: text is made printable where it enters, but a terminal must not depend on that. */
function shown(text: string): string {
  return printable(text, MAX_DETAIL);
}

function shownDetails(details: Readonly<Record<string, unknown>> | undefined): Record<string, unknown> {
  const entries = Object.entries(details ?? {});
  return Object.fromEntries(entries.map(([key, value]) => [RESERVED.has(key) ? `${key}_` : key, shownValue(value)]));
}

function shownValue(value: unknown): unknown {
  if (typeof value === 'string') return shown(value);
  if (value instanceof Error) return shown(value.message);
  if (typeof value !== 'object' || value === null) return value;
  try {
    return JSON.parse(JSON.stringify(value, (_key, inner) => (typeof inner === 'string' ? shown(inner) : inner)));
  } catch {
    return '(cannot be shown)';
  }
}
