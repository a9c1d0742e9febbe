// From one probe's result to the health of one backend: the first verdict, rise and fall, slow failures, hold-down. Pure:
// a standing, an outcome and a time in, the next standing out. core/health.ts counts; this decides whether a flip that is
// due may happen.

import { type Health, step, type Thresholds } from '../core/health.ts';

const HOLD_MS = 10_000;
const MAX_HOLD_MS = 300_000;
const FLAP_WINDOW_MS = 600_000;

/** Our own failures never come here: they say nothing about a node. */
export type Outcome = 'good' | 'hard' | 'slow';

export interface Standing {
  readonly health: Health;
  /** Results in a row that disagree with `health`. It stops at rise or fall while a flip that is due may not happen. */
  readonly streak: number;
  /** The hard failures among them. */
  readonly hard: number;
  /** Whether it was ever seen good or went down. Before that the first clear result decides, whatever rise and fall say. */
  readonly proven: boolean;
  /** When it went down in the last 10 minutes, oldest first. */
  readonly downs: readonly number[];
  /** Down until then, whatever the probes say. */
  readonly heldUntil: number;
}

export function firstStanding(health: Health): Standing {
  return { health, streak: 0, hard: 0, proven: false, downs: [], heldUntil: Number.NEGATIVE_INFINITY };
}

/** The standing after one result. `mayGoDownSlow`: whether the pool can spare a backend that is merely slow. */
export function judge(
  standing: Standing,
  outcome: Outcome,
  now: number,
  thresholds: Thresholds,
  mayGoDownSlow: () => boolean,
): Standing {
  const good = outcome === 'good';
  const { rise, fall } = thresholdsFor(standing, outcome, thresholds);
  const streak = Math.min(standing.streak, (standing.health === 'up' ? fall : rise) - 1);
  const next = step({ health: standing.health, streak }, good, { rise, fall });
  const hard = good ? 0 : standing.hard + (outcome === 'hard' ? 1 : 0);
  const proven = standing.proven || good;

  if (!next.flipped) return { ...standing, streak: next.streak, hard: next.streak === 0 ? 0 : hard, proven };
  if (next.health === 'up') {
    if (now >= standing.heldUntil) return { ...standing, health: 'up', streak: 0, hard: 0, proven };
    return { ...standing, streak: rise, hard: 0, proven };
  }
  if (hard >= fall || mayGoDownSlow()) return goDown(standing, now);
  return { ...standing, streak: fall, hard, proven };
}

/** It failed often enough to go down, but slowly, and its pool can't spare it. */
export function isSpared(standing: Standing, thresholds: Thresholds): boolean {
  return standing.health === 'up' && standing.streak >= thresholds.fall;
}

/** It would be up again, but went down too often or too recently. */
export function isHeld(standing: Standing, thresholds: Thresholds): boolean {
  return standing.health === 'down' && standing.streak >= thresholds.rise;
}

/** A change is under way and the next result may complete it: probes should follow each other faster. */
export function isChanging(standing: Standing, thresholds: Thresholds): boolean {
  return standing.streak > 0 && !isSpared(standing, thresholds) && !isHeld(standing, thresholds);
}

/** Rise and fall protect what has a history. A slow first answer is no clear result. */
function thresholdsFor(standing: Standing, outcome: Outcome, thresholds: Thresholds): Thresholds {
  if (standing.proven) return thresholds;
  return { rise: 1, fall: outcome === 'hard' ? 1 : thresholds.fall };
}

function goDown(standing: Standing, now: number): Standing {
  const before = standing.downs.filter((at) => now - at < FLAP_WINDOW_MS);
  return {
    health: 'down',
    streak: 0,
    hard: 0,
    proven: true,
    downs: [...before, now],
    heldUntil: now + Math.min(MAX_HOLD_MS, HOLD_MS * 2 ** before.length),
  };
}
