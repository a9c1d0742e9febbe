// All semantic checks: what the schema can't say of the file. Reads what the schema left standing, so that every problem
// is told at once.

import type { Problem } from '../errors.ts';
import { checkAddresses } from './check-addresses.ts';
import { checkHealth } from './check-health.ts';
import { checkNames } from './check-names.ts';
import { checkService } from './check-service.ts';
import type { Draft } from './expand.ts';
import { Findings } from './findings.ts';
import type { RawFile } from './raw.ts';
import type { Source } from './source.ts';

/** Each is probed every few seconds; no machine this is made for has as many. */
const MOST_BACKENDS = 100_000;

export function check(
  drafts: readonly Draft[],
  raw: RawFile,
  source: Source,
  bad: ReadonlySet<string>,
): readonly Problem[] {
  const findings = new Findings(source, bad);
  if (drafts.length * source.keys('/nodes').length > MOST_BACKENDS) {
    findings.error('/services', `services times nodes are more than ${MOST_BACKENDS}`, 'key');
    return findings.problems;
  }
  checkNames(raw, findings);
  for (const draft of drafts) {
    checkService(draft, raw, findings);
    checkHealth(draft, findings);
  }
  checkAddresses(drafts, raw, findings);
  checkWhole(drafts, findings);
  return findings.problems;
}

function checkWhole(drafts: readonly Draft[], findings: Findings): void {
  if (drafts.length === 0 && findings.isSound('/services') && findings.isSound('/profile')) {
    findings.error('/services', 'there is no service: name a profile: or add a service of your own', 'key');
  }
  // Only worth a word where all else is well: what is missing elsewhere may be why.
  if (findings.problems.length > 0 || !findings.isSound('')) return;
  const used = new Set(drafts.flatMap((draft) => draft.backends.map(({ node }) => node)));
  for (const name of findings.source.keys('/nodes')) {
    if (!used.has(name)) findings.warning(`/nodes/${name}`, 'no service uses this node', 'key');
  }
}
