// Asks one probe once: the deadline for the whole, the stopwatch, and a way to give up. Checkers and the doctor ask
// through here. Judges nothing.

import type { Clock } from '../core/clock.ts';
import { GiveUp } from './probes/give-up.ts';
import type { Probe, ProbeResult, ProbeTarget, ProbeVerdict } from './probes/probe.ts';

/** A deadline that comes so late finds us overloaded, not the node. */
const TOO_LATE_MS = 1000;
/** How long a probe that has its answer may take to close properly. */
const CLOSING_MS = 1000;

export interface Asking {
  /** Never rejects. */
  readonly result: Promise<ProbeResult>;
  /** Gives up at once; the result then says nothing about the node. */
  cancel(): void;
}

export function ask(probe: Probe, target: ProbeTarget, timeoutMs: number, clock: Clock): Asking {
  const giveUp = new GiveUp();
  return { result: run(probe, target, timeoutMs, clock, giveUp), cancel: () => giveUp.abort() };
}

async function run(
  probe: Probe,
  target: ProbeTarget,
  timeoutMs: number,
  clock: Clock,
  giveUp: GiveUp,
): Promise<ProbeResult> {
  const abort = (): void => giveUp.abort();
  const startedAt = clock.now();
  let answeredAt: number | undefined;
  let lateMs = 0;
  let timer = clock.after(timeoutMs, () => {
    lateMs = clock.now() - startedAt - timeoutMs;
    // What has come already, while the loop was busy, is read before the probe is given up.
    setImmediate(abort);
  });
  const answered = (): void => {
    if (answeredAt !== undefined) return;
    answeredAt = clock.now();
    timer.cancel();
    timer = clock.after(CLOSING_MS, abort);
  };
  let verdict: ProbeVerdict;
  try {
    verdict = await probe(target, { signal: giveUp, timeoutMs, answered });
  } catch (error) {
    // A fault in a probe is ours, and must neither take a node out nor stop the schedule.
    const reason = `the probe itself failed: ${error instanceof Error ? error.message : String(error)}`;
    verdict = { ok: false, kind: 'ours', stage: 'answer', code: 'other', reason };
  } finally {
    timer.cancel();
  }
  if (lateMs > TOO_LATE_MS) verdict = excuse(verdict, lateMs);
  return { ...verdict, seconds: ((answeredAt ?? clock.now()) - startedAt) / 1000 };
}

/** The answer may have lain here, unread, while this process was busy. */
function excuse(verdict: ProbeVerdict, lateMs: number): ProbeVerdict {
  if (verdict.ok) return verdict;
  const reason = `${verdict.reason} (but this process itself was ${(lateMs / 1000).toFixed(1)} s late)`;
  return { ...verdict, kind: 'ours', code: 'late', reason };
}
