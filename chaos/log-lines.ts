// What the lines of the program's log say, as an account has it.

import type { FlipSeen, RecordSeen } from './account.ts';
import type { LogLine } from './program.ts';

export interface LogSeen {
  readonly records: readonly RecordSeen[];
  readonly summedUp: ReadonlyMap<string, number>;
  readonly flips: readonly FlipSeen[];
  readonly complaints: readonly { readonly at: number; readonly text: string }[];
  readonly torn: readonly string[];
}

/** Said loudly, and rightly, when a node of a pinned service is down or a pool has nobody left; and of files that make no sense. */
const EXPECTED = /no other node takes its place|failing open|^reload: |was not reloaded/;

/** `ownTime`: what the lines themselves say of the time can be relied on. */
export function readLog(lines: readonly LogLine[], ownTime: boolean): LogSeen {
  const records: RecordSeen[] = [];
  const summedUp = new Map<string, number>();
  const flips: FlipSeen[] = [];
  const complaints: { at: number; text: string }[] = [];
  const torn: string[] = [];
  for (const { readAt, text } of lines) {
    const line = parse(text);
    if (line === undefined) {
      torn.push(text);
      continue;
    }
    const { msg, level, service = '', node = '' } = line as Record<string, string>;
    const at = ownTime ? Date.parse(String(line['time'])) : readAt;
    if (msg === 'session') records.push(recordOf(line, readAt));
    else if (msg === 'backend down' || msg === 'backend up')
      flips.push({ at, service, node, to: msg === 'backend up' ? 'up' : 'down', reason: String(line['reason']) });
    else if (msg?.startsWith('more sessions refused') === true)
      summedUp.set(service, (summedUp.get(service) ?? 0) + Number(line['refused'] ?? 0) + Number(line['denied'] ?? 0));
    else if (level === 'error' && !EXPECTED.test(msg ?? '')) complaints.push({ at, text });
  }
  return { records, summedUp, flips, complaints, torn };
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function recordOf(line: Record<string, unknown>, readAt: number): RecordSeen {
  const word = (name: string): string | undefined => (line[name] === undefined ? undefined : String(line[name]));
  return {
    readAt,
    session: String(line['session']),
    service: String(line['service']),
    client: word('client') ?? '',
    node: word('node'),
    local: word('local'),
    dialMs: Number(line['dial_ms'] ?? -1),
    durationMs: Number(line['duration_ms']),
    bytesIn: Number(line['bytes_in']),
    bytesOut: Number(line['bytes_out']),
    retries: Number(line['retries']),
    end: String(line['end']),
  };
}
