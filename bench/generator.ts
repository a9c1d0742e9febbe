// The load and the backend as running programs: starts them, reads their lines, hands over what they counted.

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { type Child, start } from './children.ts';
import type { Tools } from './tools.ts';

export interface LoadResult {
  readonly seconds: number;
  readonly done: number;
  readonly bytes_sent: number;
  readonly bytes_received: number;
  readonly unfinished: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly latency_us: {
    readonly count: number;
    readonly p50: number;
    readonly p99: number;
    readonly p99_9: number;
    readonly max: number;
  };
}

export interface LoadOptions {
  readonly mode: 'crr' | 'rr' | 'down' | 'up' | 'hold';
  readonly sessions: number;
  readonly size?: number | undefined;
  readonly seconds?: number | undefined;
  readonly warmup?: number | undefined;
  readonly rate?: number | undefined;
  /** Closed loop: requests at the same time, the sessions taking turns. */
  readonly inFlight?: number | undefined;
  readonly count?: number | undefined;
  readonly readRate?: number | undefined;
  readonly receiveBuffer?: number | undefined;
  readonly timeout?: number | undefined;
  /** It gives way to the other loads: they share a core, and its own waiting is not what is measured. */
  readonly background?: boolean;
}

export interface Load {
  /** Settles when the measured window begins, or when all sessions are held. */
  readonly begun: Promise<void>;
  /** Settles when the window has ended. */
  readonly result: Promise<LoadResult>;
  /** Ends the window now. */
  stop(): Promise<LoadResult>;
}

type LoadEvent = { readonly event: 'measuring' | 'holding' } | ({ readonly event: 'result' } & LoadResult);

const BEGIN_DEADLINE_MS = 60_000;

/** Sessions that one local address can open to one target before its ports run short. */
const SESSIONS_PER_SOURCE = 10_000;

function argumentsOf(o: LoadOptions, targets: readonly string[]): string[] {
  const given: Record<string, number | undefined> = {
    sessions: o.sessions,
    size: o.size,
    seconds: o.seconds,
    warmup: o.warmup,
    rate: o.rate,
    'in-flight': o.inFlight,
    count: o.count,
    'read-rate': o.readRate,
    'receive-buffer': o.receiveBuffer,
    timeout: o.timeout,
    sources: o.sessions > SESSIONS_PER_SOURCE / 4 ? Math.ceil(o.sessions / SESSIONS_PER_SOURCE) + 1 : undefined,
  };
  const options = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, `${value}`],
  );
  return [o.mode, '--target', targets.join(','), ...options];
}

export function startLoad(tools: Tools, targets: readonly string[], options: LoadOptions): Load {
  const program = options.background === true ? ['nice', '-n', '19', tools.load] : [tools.load];
  const child = start([...program, ...argumentsOf(options, targets)], 'load');
  const lines = createInterface({ input: child.process.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  const next = async (): Promise<LoadEvent> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`the load ended without a result: ${child.complaints()}`);
    return JSON.parse(value) as LoadEvent;
  };
  const first = next();
  const begun = withDeadline(first, `no window within ${BEGIN_DEADLINE_MS / 1000} s: not all sessions could be opened`);
  const result = first.then((event) => (event.event === 'result' ? event : next())) as Promise<LoadResult>;
  // Whoever waits for one of them only must not be struck by the other.
  begun.catch(() => undefined);
  result.catch(() => undefined);
  return {
    begun,
    result,
    async stop() {
      await child.stop();
      return result;
    },
  };
}

async function withDeadline(promise: Promise<unknown>, message: string): Promise<void> {
  const late = new AbortController();
  const deadline = delay(BEGIN_DEADLINE_MS, undefined, { signal: late.signal }).then(() => {
    throw new Error(message);
  });
  try {
    await Promise.race([promise, deadline]);
  } finally {
    late.abort();
    deadline.catch(() => undefined);
  }
}

/** The backend, listening on all nodes. */
export async function startBackend(tools: Tools, nodes: readonly string[], port: number): Promise<Child> {
  const child = start([tools.backend, ...nodes.map((node) => `${node}:${port}`)], 'load');
  const [line] = await Promise.race([
    once(createInterface({ input: child.process.stdout as NodeJS.ReadableStream }), 'line'),
    once(child.process, 'exit'),
  ]);
  if (line !== 'ready') throw new Error(`the backend did not start: ${child.complaints()}`);
  return child;
}

/** What went wrong, as `reset 3, corrupt 1`; empty: nothing did. */
export function errorText(result: LoadResult): string {
  return Object.entries(result.errors)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ');
}
