// What a process and its children used, from /proc: processor time and resident memory.

import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ: the unit of /proc/PID/stat, 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

interface Stat {
  readonly name: string;
  readonly parent: number;
  readonly cpuSeconds: number;
}

/** Of a process, or of a thread as `PID/task/TID`. */
function readStat(id: number | string): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${id}/stat`, 'utf8');
  } catch {
    return undefined; // It has ended.
  }
  // Field 2 is the name in parentheses and may contain anything; what is counted here begins at field 3.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const at = (field: number) => Number(fields[field - 3]);
  const name = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
  return { name, parent: at(4), cpuSeconds: (at(14) + at(15)) / TICKS_PER_SECOND };
}

/** The process and all that descend from it. */
export function processTree(root: number): number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  const parents = new Map(pids.map((pid) => [pid, readStat(pid)?.parent]));
  const tree = [root];
  // The list grows while it is walked.
  for (const pid of tree) {
    for (const [child, parent] of parents) if (parent === pid) tree.push(child);
  }
  return tree;
}

/** User and system time of the processes together, threads included. */
export function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (readStat(pid)?.cpuSeconds ?? 0), 0);
}

/** Resident memory of the processes together. */
export function residentBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const kB = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return sum + Number(kB ?? 0) * 1024;
  }, 0);
}

/** User and system time of each thread of the process with this name. */
export function threadSeconds(pid: number, name: string): number[] {
  const stats = readdirSync(`/proc/${pid}/task`).map((thread) => readStat(`${pid}/task/${thread}`));
  return stats.flatMap((stat) => (stat?.name === name ? [stat.cpuSeconds] : []));
}
