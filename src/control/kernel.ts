// What the kernel says of itself under /proc/sys.

import { readFileSync } from 'node:fs';

/** Its version, as it names itself. */
export function kernelRelease(): string {
  return readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim();
}

/** The most clients that may wait to be accepted on one port, whatever a program asks for; undefined where it doesn't say. */
export function mostWaiting(path = '/proc/sys/net/core/somaxconn'): number | undefined {
  try {
    const count = Number(readFileSync(path, 'utf8'));
    return Number.isInteger(count) ? count : undefined;
  } catch {
    return undefined;
  }
}

/** A warning where the kernel's queue is shorter than the one we ask for; undefined: it is not. */
export function shortQueue(wanted: number, most = mostWaiting()): string | undefined {
  if (most === undefined || most >= wanted) return undefined;
  return `net.core.somaxconn is ${most}: a burst of more than ${most} new clients on one port is turned away by the kernel; sysctl -w net.core.somaxconn=${wanted}`;
}
