// Namespaces of an episode's own: its processes, mounts, packets and loopback end with it, and touch nobody else's.

import { spawn } from 'node:child_process';

const APART = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];

/** Runs one of the built programs there. */
export const spawnApart = (program: string, args: readonly string[], stderr: 'pipe' | 'inherit') =>
  spawn('unshare', [...APART, process.execPath, program, ...args], { stdio: ['ignore', 'pipe', stderr] });
