// Builds the native relay into prebuilds/linux-ARCH-LIBC/relay.node: for this machine, or with `--all` for every target that
// a compiler is here for. Where none is, it says so and all goes on: the relay on Node's own sockets is always there.
// `--flags="…" --out FILE` builds one for the sanitizers.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const SOURCES = join(root, 'native');
const WARNINGS = ['-std=gnu11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror'];
const RELEASE = ['-O2', '-fstack-protector-strong', '-Wl,-z,relro,-z,now', '-Wl,-s'];

/** The compilers for each target, the first that is there is taken; musl's works on a machine with glibc. */
const TARGETS = {
  'linux-x64-glibc': ['x86_64-linux-gnu-gcc', 'cc', 'gcc', 'clang'],
  'linux-x64-musl': ['x86_64-linux-musl-gcc', 'musl-gcc', 'cc'],
  'linux-arm64-glibc': ['aarch64-linux-gnu-gcc', 'cc', 'gcc', 'clang'],
  'linux-arm64-musl': ['aarch64-linux-musl-gcc', 'musl-gcc', 'cc'],
};

/** Where node_api.h is: the npm package of the headers, else those that came with this Node. */
export function headers() {
  const places = [
    join(root, 'node_modules/node-api-headers/include'),
    join(dirname(process.execPath), '../include/node'),
  ];
  return places.find((place) => existsSync(join(place, 'node_api.h')));
}

function run(command, args) {
  return spawnSync(command, args, { encoding: 'utf8' });
}

/** Whether what this compiler makes runs on the target: its name of the machine, and its libc. */
function makes(compiler, target) {
  const [, arch, libc] = target.split('-');
  const machine = run(compiler, ['-dumpmachine']);
  if (machine.status !== 0) return false;
  const cpu = { x64: /^x86_64/, arm64: /^aarch64/ }[arch];
  if (!cpu?.test(machine.stdout)) return false;
  const musl = /musl/.test(machine.stdout) || /musl-gcc/.test(compiler);
  return musl === (libc === 'musl');
}

function compile(compiler, include, out, flags) {
  mkdirSync(dirname(out), { recursive: true });
  const sources = readdirSync(SOURCES)
    .filter((name) => name.endsWith('.c'))
    .map((name) => join(SOURCES, name));
  // Made aside and renamed: nobody loads half a file, and nobody who has the old one open is disturbed.
  const aside = `${out}.${process.pid}`;
  const args = [
    ...WARNINGS,
    '-shared',
    '-fPIC',
    '-fvisibility=hidden',
    `-I${include}`,
    ...flags,
    '-o',
    aside,
    ...sources,
  ];
  const done = run(compiler, [...args, '-lpthread']);
  if (done.status !== 0) throw new Error(`${compiler} cannot build ${out}:\n${done.stderr}`);
  renameSync(aside, out);
}

/** Builds for the targets that a compiler is here for; answers which. */
export function buildNative(targets, tell) {
  const include = headers();
  if (include === undefined) {
    tell('the native relay is not built: no node_api.h (npm install, or the headers of this Node)');
    return [];
  }
  return targets.filter((target) => {
    const compilers = TARGETS[target] ?? [];
    const compiler = compilers.find((name) => makes(name, target));
    if (compiler === undefined) {
      tell(`the native relay is not built for ${target}: no compiler (one of ${compilers.join(', ') || 'none known'})`);
      return false;
    }
    compile(compiler, include, join(root, 'prebuilds', target, 'relay.node'), RELEASE);
    return true;
  });
}

/** This machine; glibc unless the report of this Node knows none. */
export function ownTarget() {
  const { glibcVersionRuntime } = process.report.getReport().header;
  return `${process.platform}-${process.arch}-${glibcVersionRuntime === undefined ? 'musl' : 'glibc'}`;
}

function main() {
  const { values } = parseArgs({
    options: { all: { type: 'boolean' }, flags: { type: 'string' }, out: { type: 'string' } },
  });
  const tell = (line) => console.error(`build-native: ${line}`);
  if (values.out !== undefined) {
    compile('cc', headers(), values.out, (values.flags ?? '').split(' ').filter(Boolean));
    return;
  }
  const targets = values.all ? Object.keys(TARGETS) : [ownTarget()];
  for (const target of buildNative(targets, tell)) tell(`prebuilds/${target}/relay.node`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
