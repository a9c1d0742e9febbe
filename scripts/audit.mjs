// Known weaknesses of the libraries that we ship, from the registry's own list. A registry that keeps none is told of, and is
// no failure; an answer that names one is.

import { spawnSync } from 'node:child_process';

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { encoding: 'utf8' });
const answer = JSON.parse(stdout || '{}');
const counts = answer.metadata?.vulnerabilities;
if (counts === undefined) {
  console.log(`not looked up: the registry gave no answer (${answer.message ?? answer.error?.summary ?? 'nothing'})`);
} else {
  console.log(`${counts.total} known weaknesses in ${answer.metadata.dependencies?.prod} libraries`);
  for (const [name, { severity }] of Object.entries(answer.vulnerabilities ?? {}))
    console.error(`  ${name}: ${severity}`);
  process.exitCode = counts.total === 0 ? 0 : 1;
}
