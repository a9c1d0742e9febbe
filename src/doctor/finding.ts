// What a finding is, and the closed list of checks that can find something: the `check` label of
// chargehand_doctor_findings and of the JSON report.

import type { Asked } from './survey.ts';

export const CHECKS = [
  'dns',
  'address',
  'reachable',
  'certificate-chain',
  'certificate-name',
  'certificate-expiry',
  'certificate-usage',
  'ca-file',
  'features',
  'version',
  'registration',
  'templates',
  'registry',
  'pulp',
  'pulp-version',
  'disk',
  'puppetserver',
  'puppet-ca',
  'repository',
  'health',
  'balancer',
] as const;
export type Check = (typeof CHECKS)[number];

/** `error`: clients fail, or will when they reach this node. `warning`: it works, but not as it should for long. */
export type Severity = 'error' | 'warning';

export interface Finding {
  readonly check: Check;
  readonly severity: Severity;
  /** null: no single node, but the group or the load balancer. */
  readonly node: string | null;
  /** The services it shows in; empty: none in particular. */
  readonly services: readonly string[];
  /** One line: what is wrong. */
  readonly what: string;
  /** Why it matters to clients. */
  readonly why: string;
  /** The command, or what else, that mends it. */
  readonly mend: string;
}

/** A finding with the answers that show it. */
export interface Found extends Omit<Finding, 'services'> {
  readonly about: readonly Asked[];
}

export function services(about: readonly Asked[]): readonly string[] {
  return [...new Set(about.map(({ question }) => question.service.name))];
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
  const [last = '', ...before] = [...words].reverse();
  return before.length === 0 ? last : `${before.reverse().join(', ')} and ${last}`;
}
