// The Node runtime that the packages carry, from the npm registry's packages of it: one version, byte for byte, so that a
// commit gives the same packages on any day. Kept in .cache/ under its version.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { NODE, ROOT } from './description.mjs';

/** `arch`: x64 or arm64. Answers the paths of the binary and of its licence, and its version. */
export function runtime(arch) {
  const { version, integrity } = NODE;
  const home = join(ROOT, '.cache', `runtime-${version}-${arch}`);
  if (!existsSync(home)) fetchPinned({ name: `node-linux-${arch}`, version, integrity: integrity[arch] }, home);
  const folder = join(home, 'package');
  return { binary: join(folder, 'bin', 'node'), licence: join(folder, 'LICENSE'), version };
}

/** Unpacks that version of an npm package into `home`; throws, and leaves nothing, where its bytes are not those. */
export function fetchPinned({ name, version, integrity }, home) {
  const aside = `${home}.${process.pid}`;
  try {
    mkdirSync(aside, { recursive: true });
    const pack = ['pack', `${name}@${version}`, '--silent', '--pack-destination', aside];
    const [file] = execFileSync('npm', pack, { cwd: aside, encoding: 'utf8' }).trim().split('\n').slice(-1);
    const archive = join(aside, file);
    const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
    if (found !== integrity) throw new Error(`${name}@${version} is not the one we know: ${found}, not ${integrity}`);
    execFileSync('tar', ['-xzf', archive, '-C', aside]);
    rmSync(archive);
    // Two who began at the same time: the first one's stays.
    if (!existsSync(home)) renameSync(aside, home);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}
