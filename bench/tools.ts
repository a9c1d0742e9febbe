// The load generator and its backend, compiled from bench/load/ into .cache/ when a source has changed.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { found } from './found.ts';

const SOURCES = fileURLToPath(new URL('load/', import.meta.url));
export const CACHE = fileURLToPath(new URL('../.cache/bench/', import.meta.url));
const FLAGS = ['-O2', '-std=gnu11', '-D_GNU_SOURCE', '-Wall', '-Wextra'];
const SHARED = ['pattern.c', 'sockets.c'];
const PARTS = {
  load: ['load.c', 'options.c', 'session.c', 'report.c', 'histogram.c', ...SHARED],
  backend: ['backend.c', ...SHARED],
};

export interface Tools {
  readonly load: string;
  readonly backend: string;
  readonly compiler: string;
}

/** The C compiler's name; undefined: there is none. */
export function compiler(): string | undefined {
  return ['cc', 'gcc', 'clang'].find(found);
}

export const NO_COMPILER = 'no C compiler (cc, gcc or clang) for the load generator: apt-get install gcc libc6-dev';

/** Throws with one line where there is no compiler, and with its output where it fails. */
export function buildTools(): Tools {
  const cc = compiler();
  if (cc === undefined) throw new Error(NO_COMPILER);
  const hash = createHash('sha256').update(FLAGS.join(' '));
  for (const name of readdirSync(SOURCES).toSorted()) hash.update(name).update(readFileSync(join(SOURCES, name)));
  const version = hash.digest('hex').slice(0, 12);
  return { load: build(cc, 'load', version), backend: build(cc, 'backend', version), compiler: cc };
}

function build(cc: string, name: keyof typeof PARTS, version: string): string {
  const file = join(CACHE, `${name}-${version}`);
  if (existsSync(file)) return file;
  mkdirSync(CACHE, { recursive: true });
  // Compiled aside and renamed: another run never starts half a program.
  const aside = `${file}.${process.pid}`;
  const done = spawnSync(cc, [...FLAGS, '-o', aside, ...PARTS[name], '-lm'], { cwd: SOURCES, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${cc} cannot build bench/load/${name}.c:\n${done.stderr}`);
  renameSync(aside, file);
  return file;
}
