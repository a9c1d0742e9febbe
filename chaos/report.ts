// What there is to say of an episode, as values and as lines of text.

import type { Account, Violation } from './account.ts';
import { groupBy } from './group.ts';

export interface Report {
  readonly seed: number;
  readonly kind: string;
  readonly relay: string;
  readonly surroundings: string;
  readonly faults: readonly string[];
  readonly sessions: number;
  readonly whole: number;
  readonly ended: Readonly<Record<string, number>>;
  readonly bytes: number;
  readonly mostResident: number;
  /** How late the machine was at worst. */
  readonly lateMs: number;
  readonly violations: readonly Violation[];
}

export function reportOf(account: Account, violations: readonly Violation[]): Report {
  const { plan, clients } = account;
  const { smallDisk, steppedClock, descriptors } = plan.surroundings;
  const odd = [
    smallDisk ? 'small disk' : '',
    steppedClock ? 'stepped clock' : '',
    descriptors ? 'few descriptors' : '',
  ];
  const ended = groupBy(account.records, ({ end }) => end);
  return {
    seed: plan.seed,
    kind: plan.kind,
    relay: plan.relay,
    surroundings: odd.filter((word) => word !== '').join(', '),
    faults: account.windows
      .filter(({ missed }) => missed === undefined)
      .map(({ fault, node }) => (node === undefined ? fault : `${fault} ${node}`)),
    sessions: clients.length,
    whole: clients.filter(({ outcome }) => outcome === 'whole').length,
    ended: Object.fromEntries([...ended].map(([end, all]) => [end, all.length])),
    bytes: clients.reduce((sum, { read, written }) => sum + read + written, 0),
    mostResident: Math.max(...account.samples.map(({ residentBytes }) => residentBytes)),
    lateMs: account.lateMs,
    violations,
  };
}

export function textOf(report: Report): string {
  const { seed, kind, relay, surroundings, faults, sessions, whole, ended, violations } = report;
  const ends = Object.entries(ended).map(([end, count]) => `${count} ${end}`);
  const head = `seed ${seed}: ${kind}, relay ${relay}${surroundings === '' ? '' : `, ${surroundings}`}, ${report.lateMs} ms late`;
  const lines = [
    `${head}: ${sessions} sessions, ${whole} whole (${ends.join(', ')})`,
    `  broken: ${faults.join(', ')}`,
    ...violations.map(({ invariant, what }) => `  VIOLATED ${invariant}: ${what}`),
  ];
  return lines.join('\n');
}
