// scripts/audit.mjs with an npm that answers as the registry's list would: what ships counts, what only builds does not.

import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';

const AUDIT = join(import.meta.dirname, '..', '..', 'scripts', 'audit.mjs');

function audit(t: Test, answer: object) {
  const folder = t.testdir({ npm: `#!/bin/sh\ncat <<'END'\n${JSON.stringify(answer)}\nEND\n` });
  chmodSync(join(folder, 'npm'), 0o755);
  const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
  return spawnSync(process.execPath, [AUDIT], { env, encoding: 'utf8' });
}

const weak = (...nodes: readonly string[]) => ({ severity: 'high', nodes });

t.test('a library of the program, and one that is built into the page', async (t) => {
  const vulnerabilities = { ajv: weak('node_modules/ajv'), uplot: weak('node_modules/uplot') };
  const { status, stderr } = audit(t, { vulnerabilities });
  t.equal(status, 1);
  t.equal(stderr, '  ajv: high\n  uplot: high\n');
});

t.test('a library that only builds and tests', async (t) => {
  const vulnerabilities = { tap: weak('node_modules/tap'), ajv: weak('node_modules/tap/node_modules/ajv') };
  const { status, stdout, stderr } = audit(t, { vulnerabilities });
  t.equal(status, 0, stderr);
  t.match(stdout, /^0 known weaknesses in [1-9]/);
});

t.test('a registry that keeps no list', async (t) => {
  const { status, stdout } = audit(t, { message: '405 Method Not Allowed' });
  t.equal(status, 0);
  t.match(stdout, /^not looked up: .* \(405 Method Not Allowed\)/);
});
