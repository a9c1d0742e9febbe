// Whether a run of many episodes was well: nothing violated, every episode with a report, most of them on a machine that was
// in time itself, so that they could be judged at all, and no kind of fault left out. Pure.

import { FAULTS } from './faults/table.ts';
import { LATE_MS } from './invariants/table.ts';
import { EVERY_FAULT_IN } from './plan.ts';
import type { Report } from './report.ts';

/** Of the episodes at least this share must have been judged by everything: a run that proves less is not a good one. */
const LEAST_JUDGED = 2 / 3;

export const judgedWholly = ({ lateMs }: Report): boolean => lateMs <= LATE_MS;

/** The kinds of faults that struck in none of them. */
export function neverStruck(reports: readonly Report[]): readonly string[] {
  const struck = new Set(reports.flatMap(({ faults }) => faults.map((fault) => fault.split(' ')[0])));
  return Object.keys(FAULTS).filter((name) => !struck.has(name));
}

/** What speaks against the run, in words; nothing: all was well. An episode without a report is undefined. */
export function against(episodes: readonly (Report | undefined)[]): readonly string[] {
  const reports = episodes.flatMap((report) => report ?? []);
  const violations = reports.reduce((sum, report) => sum + report.violations.length, 0);
  const silent = episodes.length - reports.length;
  const judged = reports.filter(judgedWholly).length;
  const never = episodes.length < EVERY_FAULT_IN ? [] : neverStruck(reports);
  return [
    ...(violations > 0 ? [`${violations} violations`] : []),
    ...(silent > 0 ? [`${silent} episodes without a report`] : []),
    ...(judged < LEAST_JUDGED * episodes.length || episodes.length === 0
      ? [
          `only ${judged} of ${episodes.length} episodes could be judged by all invariants: in the others the machine was more than ${LATE_MS / 1000} s late`,
        ]
      : []),
    ...(never.length > 0 ? [`faults that did not strike in ${episodes.length} episodes: ${never.join(', ')}`] : []),
  ];
}
