// The works of the comparison and the targets of the data plane's issues: tables, no logic.

import type { LoadOptions } from './generator.ts';

/** Processor time of the proxy for one unit of work, under a closed loop. */
interface CpuWork {
  readonly kind: 'cpu';
  readonly load: Pick<LoadOptions, 'mode' | 'sessions' | 'size'>;
  /** `bytes`: a unit is `load.size` bytes moved, so that transfers cut by the window's ends count as far as they went. */
  readonly count: 'done' | 'bytes';
}

/** Resident memory of the proxy for one more session: between `low` and `high` sessions held. */
interface MemoryWork {
  readonly kind: 'memory';
  readonly load: Pick<LoadOptions, 'mode' | 'size' | 'readRate' | 'receiveBuffer'>;
  readonly low: number;
  readonly high: number;
  /** How long the sessions run before memory is read, in seconds. */
  readonly settle: number;
}

/** p99 of a 512 B request at half of the capacity of the slowest proxy: the same rate for all. */
interface LatencyWork {
  readonly kind: 'latency';
  readonly sessions: number;
  /** Sessions that fetch 10 MB answers meanwhile. */
  readonly bulkSessions: number;
}

export type Work = (CpuWork | MemoryWork | LatencyWork) & {
  readonly name: string;
  readonly title: string;
  /** Of the figure that is compared. */
  readonly unit: 'µs' | 'kB';
  /** For each relay; undefined: none. */
  readonly targets?: { readonly net: Target; readonly native: Target };
};

/** × the reference. */
export interface Target {
  readonly must: number;
  readonly aim: number;
}

const MB10 = 10_000_000;

export const WORKS: readonly Work[] = [
  {
    name: 'down-10m',
    title: '10 MB answers',
    unit: 'µs',
    kind: 'cpu',
    load: { mode: 'down', sessions: 8, size: MB10 },
    count: 'bytes',
    targets: { net: { must: 0.6, aim: 0.45 }, native: { must: 0.2, aim: 0.12 } },
  },
  {
    name: 'down-100k',
    title: '100 kB answers',
    unit: 'µs',
    kind: 'cpu',
    load: { mode: 'down', sessions: 16, size: 100_000 },
    count: 'bytes',
    targets: { net: { must: 0.9, aim: 0.75 }, native: { must: 0.45, aim: 0.3 } },
  },
  {
    name: 'request',
    title: '512 B requests on kept sessions',
    unit: 'µs',
    kind: 'cpu',
    load: { mode: 'rr', sessions: 64, size: 512 },
    count: 'done',
    targets: { net: { must: 1.6, aim: 1.2 }, native: { must: 1.0, aim: 0.75 } },
  },
  {
    name: 'connect',
    title: 'new connections (connect, 512 B, close)',
    unit: 'µs',
    kind: 'cpu',
    load: { mode: 'crr', sessions: 64, size: 512 },
    count: 'done',
    targets: { net: { must: 2.4, aim: 1.8 }, native: { must: 1.7, aim: 1.1 } },
  },
  {
    name: 'up-10m',
    title: 'uploads, 10 MB',
    unit: 'µs',
    kind: 'cpu',
    load: { mode: 'up', sessions: 8, size: MB10 },
    count: 'bytes',
    targets: { net: { must: 0.9, aim: 0.6 }, native: { must: 0.2, aim: 0.12 } },
  },
  {
    name: 'idle',
    title: 'idle session, memory',
    unit: 'kB',
    kind: 'memory',
    load: { mode: 'hold' },
    low: 2000,
    high: 8000,
    settle: 0.5,
    targets: { net: { must: 3, aim: 2 }, native: { must: 1, aim: 0.5 } },
  },
  {
    name: 'slow',
    title: 'session with a slow reader, memory',
    unit: 'kB',
    kind: 'memory',
    // 50 kB/s out of a 16 kB receive buffer: everything on the way fills up.
    load: { mode: 'down', size: MB10, readRate: 50_000, receiveBuffer: 16_384 },
    low: 50,
    high: 200,
    settle: 1.5,
  },
  {
    name: 'p99',
    title: 'p99 of a small request, alone',
    unit: 'µs',
    kind: 'latency',
    sessions: 512,
    bulkSessions: 0,
    targets: { net: { must: 2, aim: 1 }, native: { must: 2, aim: 1 } },
  },
  {
    name: 'p99-bulk',
    title: 'p99 of a small request, beside 8 bulk sessions',
    unit: 'µs',
    kind: 'latency',
    sessions: 512,
    bulkSessions: 8,
    targets: { net: { must: 2, aim: 1 }, native: { must: 2, aim: 1 } },
  },
];
