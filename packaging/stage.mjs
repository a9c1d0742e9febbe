// Lays out the tree that a package holds, under a folder: our build, its libraries, the runtime, and the files of the
// description. Everything gets the same owner, mode and time wherever it is built, so that the same sources give the same
// bytes.

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DOC, FILES, HOME, LINKS, ROOT } from './description.mjs';
import { writeLicences } from './licences.mjs';
import { runtime } from './runtime.mjs';
import { writeSbom } from './sbom.mjs';

/** Seconds since 1970 that every file of the packages carries: the time of the commit they are made from. */
export function sourceTime() {
  const given = process.env.SOURCE_DATE_EPOCH;
  if (given) return Number(given);
  return Number(execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: ROOT, encoding: 'utf8' }).trim());
}

/** `arch`: x64 or arm64, as Node names it. */
export function stage(root, arch) {
  rmSync(root, { recursive: true, force: true });
  const home = join(root, HOME);
  mkdirSync(join(home, 'bin'), { recursive: true });
  for (const part of ['package.json', 'package-lock.json']) copyFileSync(join(ROOT, part), join(home, part));
  const npm = ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'];
  execFileSync('npm', npm, { cwd: home, stdio: 'inherit' });
  const runs = (path) => !/\.(d\.ts|map)$/.test(path);
  cpSync(join(ROOT, 'dist', 'src'), join(home, 'dist', 'src'), { recursive: true, filter: runs });
  for (const more of ['dist/web', `prebuilds/linux-${arch}-glibc`, `prebuilds/linux-${arch}`]) {
    if (existsSync(join(ROOT, more))) cpSync(join(ROOT, more), join(home, more), { recursive: true });
  }
  const node = runtime(arch);
  copyFileSync(node.binary, join(home, 'bin', 'node'));
  const doc = join(root, DOC);
  mkdirSync(doc, { recursive: true });
  writeLicences(home, join(doc, 'THIRD_PARTY_LICENSES'), node.licence);
  writeSbom(home, join(doc, 'sbom.cdx.json'), { seconds: sourceTime(), nodeVersion: node.version });
  prune(join(home, 'node_modules'));
  layOut(root);
  level(root, sourceTime());
  for (const [, to, mode] of FILES) if (mode === 0o755) chmodSync(join(root, to), mode);
  chmodSync(join(home, 'bin', 'node'), 0o755);
}

/** The files and links of the description, as they stand in the repository. */
export function layOut(root) {
  for (const [from, to] of FILES) {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    cpSync(join(ROOT, from), join(root, to), { recursive: true });
  }
  for (const [target, link] of LINKS) {
    mkdirSync(dirname(join(root, link)), { recursive: true });
    symlinkSync(target, join(root, link));
  }
}

/** What libraries bring besides what they run on: documents, types, sources, tests, programs of their own. */
function prune(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    const needed = entry.isDirectory()
      ? !/^(\..*|docs?|tests?|__tests__|examples?|benchmarks?)$/.test(entry.name) || isProgram(path)
      : /^licen[cs]e|\.([cm]?js|json|node)$/i.test(entry.name) && !/^(\.|bin\.m?js$)/.test(entry.name);
    if (!needed) rmSync(path, { recursive: true, force: true });
  }
}

/** Some libraries keep what they run on in folders of those names: their package.json says so. */
function isProgram(folder) {
  const home = dirname(folder);
  const file = join(home, 'package.json');
  if (!existsSync(file)) return true;
  const { main = '', exports: entries = {} } = JSON.parse(readFileSync(file, 'utf8'));
  return `${main} ${JSON.stringify(entries)}`.includes(`${basename(folder)}/`);
}

/** One mode and one time for everything; deepest first, since writing changes a folder's time. */
function level(root, seconds) {
  const entries = readdirSync(root, { withFileTypes: true, recursive: true });
  const paths = entries.map((e) => [join(e.parentPath, e.name), e]).sort(([a], [b]) => (a < b ? 1 : -1));
  for (const [path, entry] of paths) {
    if (!entry.isSymbolicLink()) chmodSync(path, entry.isDirectory() ? 0o755 : 0o644);
    lutimesSync(path, seconds, seconds);
  }
  chmodSync(root, 0o755);
  lutimesSync(root, seconds, seconds);
}
