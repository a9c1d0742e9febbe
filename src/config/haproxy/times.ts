// HAProxy's times in, ours out.

import { LONGEST_MS } from '../duration.ts';

const UNIT_MS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const OURS: readonly (readonly [unit: string, ms: number])[] = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
];

/** Milliseconds; undefined for what is no time. */
export function haproxyTime(text: string | undefined): number | undefined {
  const found = /^([0-9]{1,15})(us|ms|s|m|h|d)?$/.exec(text ?? '');
  return found === null ? undefined : Math.ceil(Number(found[1]) * (UNIT_MS[found[2] ?? 'ms'] ?? 1));
}

/** As our file writes it, in the largest unit that is exact; no longer than a timer can be. */
export function durationText(ms: number): string {
  const bounded = ms > LONGEST_MS ? Math.floor(LONGEST_MS / 3_600_000) * 3_600_000 : ms;
  const [unit, size] = OURS.find(([, each]) => bounded > 0 && bounded % each === 0) ?? ['ms', 1];
  return `${bounded / size}${unit}`;
}
