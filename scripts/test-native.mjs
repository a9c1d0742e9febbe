// The native relay under sanitizers: the seeded chaos test of its engine (test/native/chaos.c) under address and
// undefined-behaviour, thread and (where they are there) valgrind and musl; then the relay's tests in Node with an instrumented build.
// `node scripts/test-native.mjs [--seeds N] [--only asan,tsan,valgrind,musl,node]`. Needs gcc; says so where it is missing.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = join(root, '.cache', 'native');
const engine = readdirSync(join(root, 'native')).filter((name) => name.endsWith('.c') && name !== 'module.c');
const FLAGS = ['-std=gnu11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', '-g', '-O1', '-fno-omit-frame-pointer'];
const ADDRESS = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
/** seed, sessions, at once, threads, pipes */
const CHAOS = (seed, sessions) => [seed, sessions, 150, 1 + (seed % 3), [0, 4, 64][seed % 3]].map(String);
/** The relay's tests that hold for both relays. */
const SUITE = [
  'thorough/every-end',
  'thorough/no-data-crosses-sessions',
  'thorough/a-hand-over-loses-nothing',
  'net/a-reset-arrives-as-a-reset',
  'net/half-close-still-delivers-the-answer',
  'thorough/native-relay',
];

function run(command, args, env = {}) {
  const done = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  if (done.status === 0) return;
  console.error(`test-native: failed: ${command} ${args.join(' ')}`);
  process.exit(1);
}

const has = (command) => spawnSync(command, ['--version']).status === 0;

function chaos(name, flags, compiler = 'gcc') {
  const program = join(out, `chaos-${name}`);
  const sources = engine.map((file) => join(root, 'native', file));
  run(compiler, [...FLAGS, ...flags, '-o', program, join(root, 'test/native/chaos.c'), ...sources, '-lpthread']);
  return program;
}

const { values } = parseArgs({ options: { seeds: { type: 'string' }, only: { type: 'string' } } });
const seeds = [...Array(Number(values.seeds ?? 6)).keys()].map((seed) => seed + 1);
const chosen = values.only?.split(',') ?? ['asan', 'tsan', 'valgrind', 'musl', 'node'];
if (!has('gcc')) {
  console.error('test-native: skipped: no gcc (apt-get install gcc libc6-dev)');
  process.exit(0);
}
mkdirSync(out, { recursive: true });
if (chosen.includes('asan')) {
  console.error('test-native: address and undefined behaviour');
  const program = chaos('asan', ADDRESS);
  for (const seed of seeds) run(program, CHAOS(seed, 2000));
}
if (chosen.includes('tsan')) {
  console.error('test-native: threads');
  const program = chaos('tsan', ['-fsanitize=thread']);
  // The addresses of a kernel with much randomness don't fit its map of memory.
  for (const seed of seeds) run('setarch', ['-R', program, ...CHAOS(seed, 1000)], { TSAN_OPTIONS: 'halt_on_error=1' });
}
if (chosen.includes('valgrind')) {
  if (has('valgrind')) {
    console.error('test-native: valgrind');
    const program = chaos('plain', []);
    const checks = ['--quiet', '--error-exitcode=1', '--leak-check=full', '--track-fds=no'];
    run('valgrind', [...checks, program, ...CHAOS(1, 200)]);
  } else {
    console.error('test-native: skipped: valgrind (apt-get install valgrind)');
  }
}
if (chosen.includes('musl')) {
  if (has('musl-gcc')) {
    console.error('test-native: on musl');
    const program = chaos('musl', [], 'musl-gcc');
    for (const seed of seeds) run(program, CHAOS(seed, 2000));
  } else {
    console.error('test-native: skipped: musl (apt-get install musl-tools)');
  }
}
if (chosen.includes('node')) {
  console.error('test-native: the relay in Node, address and undefined behaviour');
  const addon = join(out, 'relay-asan.node');
  const flags = `-g -O1 -fno-omit-frame-pointer ${ADDRESS.join(' ')}`;
  run(process.execPath, ['scripts/build-native.mjs', '--out', addon, `--flags=${flags}`]);
  const library = (name) => spawnSync('gcc', [`-print-file-name=${name}`], { encoding: 'utf8' }).stdout.trim();
  for (const name of SUITE) {
    // Node itself leaks at its end; what the relay would leak is counted by the chaos test.
    run(process.execPath, ['--import=tsx', `test/${name}.test.ts`], {
      CHARGEHAND_NATIVE: addon,
      LD_PRELOAD: `${library('libasan.so')} ${library('libubsan.so')}`,
      ASAN_OPTIONS: 'detect_leaks=0',
      // Seconds for a file: an instrumented relay is slow.
      TAP_TIMEOUT: '600',
    });
  }
}
console.error('test-native: all passed');
