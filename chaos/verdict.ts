// Whether a run of many episodes was well: nothing violated, every episode with a report, and most of them on a machine that
// was in time itself, so that they could be judged at all. Pure.

import { LATE_MS } from './invariants/table.ts';
import type { Report } from './report.ts';

/** Of the episodes at least this share must have been judged by everything: a run that proves less is not a good one. */
const LEAST_JUDGED = 2 / 3;

export const judgedWholly = ({ lateMs }: Report): boolean => lateMs <= LATE_MS;

/** What speaks against the run, in words; nothing: all was well. An episode without a report is undefined. */
export function against(episodes: readonly (Report | undefined)[]): readonly string[] {
  const reports = episodes.flatMap((report) => report ?? []);
  const violations = reports.reduce((sum, report) => sum + report.violations.length, 0);
  const silent = episodes.length - reports.length;
  const judged = reports.filter(judgedWholly).length;
  return [
    ...(violations > 0 ? [`${violations} violations`] : []),
    ...(silent > 0 ? [`${silent} episodes without a report`] : []),
    ...(judged < LEAST_JUDGED * episodes.length || episodes.length === 0
      ? [
          `only ${judged} of ${episodes.length} episodes could be judged by all invariants: in the others the machine was more than ${LATE_MS / 1000} s late`,
        ]
      : []),
  ];
}
