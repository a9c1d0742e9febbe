// `npm run package`: the deb and the rpm for each machine that we have a runtime and a relay for, into packages/.
//   npm run package -- [--arch x64|arm64] [--kind deb|rpm] [--level 0-9] [--out FOLDER]
// `level`: how hard they are compressed; 0 is quick and large.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildNative } from '../scripts/build-native.mjs';
import { makeDeb } from './deb.mjs';
import { ROOT } from './description.mjs';
import { makeRpm } from './rpm.mjs';
import { stage } from './stage.mjs';

// The files of a package are everybody's to read, whoever builds it.
process.umask(0o022);

const { values } = parseArgs({
  options: {
    arch: { type: 'string', multiple: true, default: ['x64', 'arm64'] },
    level: { type: 'string', default: '6' },
    kind: { type: 'string', multiple: true, default: ['deb', 'rpm'] },
    out: { type: 'string' },
  },
});
const out = resolve(values.out ?? join(ROOT, 'packages'));
const has = (program) => {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    console.error(`package: ${program} is not installed: that kind of package is left out`);
    return false;
  }
};
const wanted = (kind, program) => values.kind.includes(kind) && has(program);
const kinds = { deb: wanted('deb', 'dpkg-deb'), rpm: wanted('rpm', 'rpmbuild') };
if (!existsSync(join(ROOT, 'dist', 'src', 'main.js'))) {
  console.error('package: there is no build; npm run package makes one first');
  process.exit(1);
}
mkdirSync(out, { recursive: true });
const relays = values.arch.map((arch) => `linux-${arch}-glibc`);
buildNative(relays, (line) => console.error(`package: ${line}`));
const folder = mkdtempSync(join(tmpdir(), 'chargehand-package-'));
try {
  const sums = [];
  for (const arch of values.arch) {
    const tree = join(folder, arch, 'root');
    stage(tree, arch);
    const made = [];
    if (kinds.rpm) {
      // Links as they are: else they would point into this folder.
      const alike = { recursive: true, preserveTimestamps: true, verbatimSymlinks: true };
      cpSync(tree, join(folder, arch, 'rpm-root'), alike);
      const how = { folder: join(folder, arch, 'rpm'), level: Number(values.level) };
      made.push(makeRpm(join(folder, arch, 'rpm-root'), arch, out, how));
    }
    if (kinds.deb) made.push(makeDeb(tree, arch, out, Number(values.level)));
    for (const file of made) {
      const sum = createHash('sha256').update(readFileSync(file)).digest('hex');
      sums.push(`${sum}  ${basename(file)}`);
      console.log(`${file}\n  sha256 ${sum}`);
    }
  }
  writeFileSync(join(out, 'SHA256SUMS'), `${sums.join('\n')}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
