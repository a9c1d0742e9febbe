// One round of one work against one running peer.

import { setTimeout as delay } from 'node:timers/promises';
import { errorText, type LoadOptions, type LoadResult, startLoad } from './generator.ts';
import type { RunningPeer } from './running-peer.ts';
import type { Tools } from './tools.ts';
import type { Work } from './works.ts';

export interface Timing {
  readonly seconds: number;
  readonly warmup: number;
}

export interface Round {
  /** The figure that is compared, in the work's unit; undefined: there is no process to measure. */
  readonly value: number | undefined;
  /** What else was seen, by name: units a second, percentiles, megabytes a second of the bulk sessions. */
  readonly beside: Readonly<Record<string, number>>;
  /** What went wrong, in words; empty: nothing did. */
  readonly errors: string;
}

/** Enough for the ends of the last load to be over. */
const SETTLE_MS = 100;

export function measure(tools: Tools, peer: RunningPeer, work: Work, timing: Timing, rate: number): Promise<Round> {
  switch (work.kind) {
    case 'cpu':
      return measureCpu(tools, peer, { ...work.load, ...timing }, work.count);
    case 'memory':
      return measureMemory(tools, peer, work);
    case 'latency':
      return measureLatency(tools, peer, work, timing, rate);
  }
}

/** Processor time for one unit in µs. With a rate in `options` the arrivals are fixed, else the loop is closed. */
export async function measureCpu(
  tools: Tools,
  peer: RunningPeer,
  options: LoadOptions,
  count: 'done' | 'bytes',
): Promise<Round> {
  const load = startLoad(tools, peer.targets, options);
  await load.begun;
  const before = peer.cpuSeconds();
  const result = await load.result;
  const cpu = peer.cpuSeconds() - before;
  await delay(SETTLE_MS);
  const bytes = options.mode === 'up' ? result.bytes_sent : result.bytes_received;
  const units = count === 'bytes' ? bytes / (options.size ?? 1) : result.done;
  return {
    value: peer.measurable ? (cpu * 1e6) / units : undefined,
    beside: {
      'units/s': units / result.seconds,
      'MB/s': bytes / result.seconds / 1e6,
      'CPU %': (100 * cpu) / result.seconds,
    },
    errors: errorText(result),
  };
}

async function measureMemory(tools: Tools, peer: RunningPeer, work: Work & { kind: 'memory' }): Promise<Round> {
  const hold = async (sessions: number) => {
    const load = startLoad(tools, peer.targets, { ...work.load, sessions, seconds: 3600, timeout: 3600 });
    await load.begun;
    await delay(work.settle * 1000);
    return { load, bytes: peer.residentBytes() };
  };
  const low = await hold(work.low);
  const high = await hold(work.high - work.low);
  const results = [await low.load.stop(), await high.load.stop()];
  await delay(SETTLE_MS);
  return {
    value: peer.measurable ? (high.bytes - low.bytes) / (work.high - work.low) / 1000 : undefined,
    beside: { [`MB at ${work.low}`]: low.bytes / 1e6, [`MB at ${work.high}`]: high.bytes / 1e6 },
    errors: results.map(errorText).filter(Boolean).join(', '),
  };
}

async function measureLatency(
  tools: Tools,
  peer: RunningPeer,
  work: Work & { kind: 'latency' },
  timing: Timing,
  rate: number,
): Promise<Round> {
  const background = {
    mode: 'down',
    size: 10_000_000,
    sessions: work.bulkSessions,
    seconds: 3600,
    background: true,
  } as const;
  const bulk = work.bulkSessions === 0 ? undefined : startLoad(tools, peer.targets, background);
  await bulk?.begun;
  const result = await startLoad(tools, peer.targets, { mode: 'rr', sessions: work.sessions, rate, ...timing }).result;
  const bulkResult = await bulk?.stop();
  await delay(SETTLE_MS);
  const { p50, p99, p99_9, max } = result.latency_us;
  return {
    value: p99,
    beside: { rate, p50, 'p99.9': p99_9, max, ...bulkFigures(bulkResult), unanswered: result.unfinished },
    errors: [result, bulkResult]
      .flatMap((r) => (r === undefined ? [] : [errorText(r)]))
      .filter(Boolean)
      .join(', '),
  };
}

function bulkFigures(result: LoadResult | undefined): Record<string, number> {
  return result === undefined ? {} : { 'bulk MB/s': result.bytes_received / result.seconds / 1e6 };
}
