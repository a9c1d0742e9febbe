// Runs test/fuzz/: `--runs N` looks N times as often as CI does, `--seed` and `--path` replay a failure as it was printed,
// words name the files that are meant (default: all).

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values, positionals } = parseArgs({
  options: { runs: { type: 'string', default: '1' }, seed: { type: 'string' }, path: { type: 'string' } },
  allowPositionals: true,
});
if (!(Number(values.runs) >= 1)) {
  console.error('--runs is a number, 1 or more');
  process.exit(2);
}
const files = readdirSync(join(root, 'test', 'fuzz'))
  .filter((name) => name.endsWith('.test.ts'))
  .filter((name) => positionals.length === 0 || positionals.some((word) => name.includes(word)))
  .map((name) => join('test', 'fuzz', name));
if (files.length === 0) {
  console.error(`no file of test/fuzz/ has ${positionals.join(' or ')} in its name`);
  process.exit(2);
}
const env = { ...process.env, FUZZ_RUNS: values.runs };
if (values.seed !== undefined) env.FUZZ_SEED = values.seed;
if (values.path !== undefined) env.FUZZ_PATH = values.path;
const limit = Math.ceil(600 * Number(values.runs));
const args = ['tap', 'run', `--timeout=${limit}`, '--jobs=2', ...files];
const { status } = spawnSync('npx', args, { cwd: root, env, stdio: 'inherit' });
process.exit(status ?? 1);
