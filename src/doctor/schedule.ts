// The doctor of a running service: a visit now and then, never two at a time; says what is new and what is gone, and hands
// the findings to the metrics. What is asked and found is visit.ts's.

import type { Config } from '../config/config.ts';
import type { Clock, Timer } from '../core/clock.ts';
import type { Observer } from '../core/events.ts';
import type { Finding } from './finding.ts';
import type { Visit } from './visit.ts';

export interface ScheduleOptions {
  readonly clock: Clock;
  readonly observer: Pick<Required<Observer>, 'notice' | 'doctorFound'>;
  /** The configuration in effect, with what the operator set. */
  config(): Config;
  visit(config: Config): Visit;
  /** From 0 to 1, 1 left out; default Math.random. */
  readonly random?: () => number;
}

/** The health checks come first, and two balancers do not ask at the same moment. */
const FIRST_MS = 10_000;
const FIRST_SPREAD_MS = 20_000;
/** More new findings at once than this are counted, not told one by one. */
const MOST_LINES = 20;

export class DoctorSchedule {
  readonly #options: ScheduleOptions;
  #intervalMs: number | undefined;
  #timer: Timer | undefined;
  #visit: Visit | undefined;
  /** What it found is not told. */
  #calledOff: Visit | undefined;
  /** What was told, by what makes a finding the same one. */
  #known = new Map<string, Finding>();
  #closed = false;

  constructor(options: ScheduleOptions) {
    this.#options = options;
  }

  /** The file in effect has changed, or is in effect for the first time. */
  update(): void {
    const { doctor } = this.#options.config();
    if (this.#closed || doctor?.intervalMs === this.#intervalMs) return;
    this.#intervalMs = doctor?.intervalMs;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (doctor === undefined) {
      this.#calledOff = this.#visit;
      void this.#visit?.close();
      this.#known = new Map();
      this.#options.observer.doctorFound([]);
      return;
    }
    // One that runs now goes on, and plans the next when it is over.
    if (this.#visit === undefined) this.#plan(Math.min(doctor.intervalMs, this.#firstMs()));
  }

  /** Resolves when nothing is asked any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#visit?.close();
  }

  #firstMs(): number {
    return FIRST_MS + (this.#options.random ?? Math.random)() * FIRST_SPREAD_MS;
  }

  #plan(ms: number): void {
    this.#timer = this.#options.clock.after(ms, () => void this.#go());
  }

  async #go(): Promise<void> {
    const { clock, config, observer } = this.#options;
    const startedAt = clock.now();
    try {
      const visit = this.#options.visit(config());
      this.#visit = visit;
      const { findings } = await visit.report;
      if (!this.#closed && this.#calledOff !== visit) this.#found(findings);
    } catch (error) {
      observer.notice('error', `the doctor failed: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      this.#visit = undefined;
    }
    if (!this.#closed && this.#intervalMs !== undefined) {
      this.#plan(Math.max(0, startedAt + this.#intervalMs - clock.now()));
    }
  }

  #found(findings: readonly Finding[]): void {
    const { observer } = this.#options;
    const now = new Map(findings.map((finding) => [keyOf(finding), finding]));
    const fresh = [...now].filter(([key]) => !this.#known.has(key)).map(([, finding]) => finding);
    const gone = [...this.#known].filter(([key]) => !now.has(key)).map(([, finding]) => finding);
    this.#known = now;
    for (const finding of fresh.slice(0, MOST_LINES)) {
      observer.notice(
        finding.severity === 'error' ? 'error' : 'warn',
        `doctor: ${finding.what}`,
        details(finding, true),
      );
    }
    if (fresh.length > MOST_LINES) {
      observer.notice('warn', `doctor: ${fresh.length - MOST_LINES} more findings; chargehand doctor shows them all`);
    }
    for (const finding of gone.slice(0, MOST_LINES)) {
      observer.notice('info', `doctor: no longer so: ${finding.what}`, details(finding, false));
    }
    observer.doctorFound(findings);
  }
}

/** Words change (days until a certificate expires); what it is about stays: for a repository, its path at the beginning. */
function keyOf({ check, severity, node, services, what }: Finding): string {
  const path = /^\/\S+/.exec(what)?.[0];
  return JSON.stringify([check, severity, node, services, path]);
}

function details({ check, node, services, mend }: Finding, withMend: boolean): Record<string, unknown> {
  return {
    check,
    ...(node === null ? {} : { node }),
    ...(services.length === 0 ? {} : { services: services.join(' ') }),
    ...(withMend ? { mend } : {}),
  };
}
