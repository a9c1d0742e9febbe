// One episode as a process of its own, in namespaces of its own where it is root: `one SEED CERTIFICATES [--keep] [--verbose]`. Prints its report
// as one line of JSON at the end; exit code 1: an invariant was violated.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runEpisode } from './episode.ts';
import { violations } from './invariants/table.ts';
import { planOf } from './plan.ts';
import { reportOf } from './report.ts';
import { smallDisk } from './surroundings.ts';

/** Far beyond what an episode takes on a busy machine. */
const DEADLINE_MS = 300_000;

const seed = Number(process.argv[2]);
const certificates = process.argv[3] ?? '';
const keep = process.argv.includes('--keep');
if (process.getuid?.() === 0) execFileSync('ip', ['link', 'set', 'lo', 'up']);
const directory = mkdtempSync(join(tmpdir(), `chargehand-chaos-${seed}-`));
const plan = planOf(seed);
const verbose = process.argv.includes('--verbose');
const began = Date.now();
let last = '';
setTimeout(() => {
  console.error(`seed ${seed}: not over within ${DEADLINE_MS / 1000} s; the last thing was: ${last}`);
  process.exit(1);
}, DEADLINE_MS).unref();
const account = await runEpisode(plan, directory, certificates, (what) => {
  last = what;
  if (verbose) console.error(`${((Date.now() - began) / 1000).toFixed(1)} ${what}`);
});
const report = reportOf(account, violations(account));
if (keep || report.violations.length > 0) {
  const shown = {
    ...account,
    nodes: [...account.nodes],
    summedUp: [...account.summedUp],
    metrics: [...account.metrics],
  };
  const kept = join(tmpdir(), `chargehand-chaos-${seed}.json`);
  writeFileSync(kept, JSON.stringify(shown, undefined, 1));
  console.error(`seed ${seed}: what was seen stands in ${kept}`);
}
if (plan.surroundings.smallDisk) execFileSync('umount', ['-l', smallDisk(directory).place]);
rmSync(directory, { recursive: true, force: true });
console.log(JSON.stringify(report));
process.exit(report.violations.length === 0 ? 0 : 1);
