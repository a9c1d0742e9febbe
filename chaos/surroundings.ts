// What only root has, or only a machine with the right programs: a namespace of its own, a small disk, a clock that can be
// set. Says what is missing.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const FAKE_TIME = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib'].map((place) =>
  join(place, 'faketime', 'libfaketime.so.1'),
);

/** Bytes: it holds what is said before it is filled. */
export const SMALL_DISK = 64 * 1024;

export function smallDisk(directory: string): { readonly place: string; readonly log: string } {
  const place = join(directory, 'disk');
  return { place, log: join(place, 'log') };
}

/** A tmpfs. It ends with the mount namespace of the episode. */
export function mountSmallDisk(place: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SMALL_DISK}`, 'tmpfs', place]);
}

/** Of a program whose clock is that of `directory`'s file: the clock of the wall alone, never the one that timers go by. */
export function clockEnvironment(directory: string): Record<string, string> {
  const library = FAKE_TIME.find((path) => existsSync(path));
  if (library === undefined) throw new Error('no libfaketime');
  return {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: join(directory, 'clock'),
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  };
}

/** Where something can't be had, says so and ends the process: a run left out is no failure, as in every other suite. */
export function leaveOutWithReason(): void {
  const lacks = missing();
  if (lacks.length === 0) return;
  console.log(`not tried: this needs ${lacks.join('; ')}`);
  process.exit(0);
}

/** What can't be had here, in words. */
function missing(): readonly string[] {
  const lacks: string[] = [];
  if (process.getuid?.() !== 0) lacks.push('root: no namespaces, no lost packets, no small disk');
  if (!FAKE_TIME.some((path) => existsSync(path))) lacks.push('libfaketime (Debian: faketime): no stepped clock');
  for (const program of ['unshare', 'iptables', 'ip', 'prlimit', 'mount']) {
    try {
      execFileSync('which', [program], { stdio: 'ignore' });
    } catch {
      lacks.push(program);
    }
  }
  return lacks;
}
