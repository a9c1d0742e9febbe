// Known weaknesses of the libraries that we ship, those built into the status page among them, from the registry's own list.
// A registry that keeps none is told of, and is no failure; an answer that names one is.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../packaging/description.mjs';
import { libraries } from '../packaging/libraries.mjs';

// All are asked for: to npm a library that is built in is one of development.
const { stdout } = spawnSync('npm', ['audit', '--json'], { cwd: ROOT, encoding: 'utf8' });
const answer = JSON.parse(stdout || '{}');
if (answer.vulnerabilities === undefined) {
  console.log(`not looked up: the registry gave no answer (${answer.message ?? answer.error?.summary ?? 'nothing'})`);
} else {
  const shipped = new Set(libraries(ROOT).map(({ folder }) => folder));
  const found = Object.entries(answer.vulnerabilities).filter(([, { nodes }]) =>
    nodes.some((node) => shipped.has(join(ROOT, node))),
  );
  console.log(`${found.length} known weaknesses in ${shipped.size} libraries`);
  for (const [name, { severity }] of found) console.error(`  ${name}: ${severity}`);
  process.exitCode = found.length === 0 ? 0 : 1;
}
