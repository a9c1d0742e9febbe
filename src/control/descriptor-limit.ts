// How many descriptors the process may have open, from /proc/self/limits. It reads; what follows from the number
// (max_sessions) is decided elsewhere.

import { readFileSync } from 'node:fs';

export interface DescriptorLimit {
  /** The limit in force; Infinity where there is none. (Node raises it to the hard one when it starts.) */
  readonly soft: number;
  readonly hard: number;
}

/** Assumed where the kernel doesn't tell: the soft limit that most systems start with. */
export const USUAL_DESCRIPTORS = 1024;

/** undefined where there is no such file (not Linux) or it doesn't say. */
export function readDescriptorLimit(path = '/proc/self/limits'): DescriptorLimit | undefined {
  try {
    return parseDescriptorLimit(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** The line `Max open files  1024  524288  files` out of the whole text. */
export function parseDescriptorLimit(text: string): DescriptorLimit | undefined {
  const [, soft, hard] = /^Max open files\s+(\d+|unlimited)\s+(\d+|unlimited)(?:\s|$)/m.exec(text) ?? [];
  if (soft === undefined || hard === undefined) return undefined;
  return { soft: count(soft), hard: count(hard) };
}

function count(text: string): number {
  return text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text);
}
