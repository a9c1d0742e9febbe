// The soak itself, in namespaces of its own: `soak-one MINUTES RELAY CERTIFICATES`. Prints each look as a line of JSON, then what was wrong.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientSeen, RecordSeen, Sample } from './account.ts';
import { nameOf } from './invariants/books.ts';
import { readLog } from './log-lines.ts';
import { SoakLoad } from './soak-load.ts';
import type { Look } from './soak-verdict.ts';
import { openStage } from './stage.ts';

/** What `soak.ts` reads. */
export type SoakLine =
  | { readonly look: Look }
  | { readonly sessions: number; readonly megabytes: number; readonly faults: readonly string[] };

/** At the most, and each long enough for a good number of timed sessions. */
const MOST_LOOKS = 60;
const LOOK_MINUTES = 1 / 12;
const STOP_WITHIN_MS = 20_000;
const MOST_TOLD = 10;

const say = (line: SoakLine): void => console.log(JSON.stringify(line));

const minutes = Number(process.argv[2]);
const relay = process.argv[3] === 'net' ? 'net' : 'native';
execFileSync('ip', ['link', 'set', 'lo', 'up']);
const directory = mkdtempSync(join(tmpdir(), 'chargehand-soak-'));
const surroundings = { smallDisk: false, steppedClock: false, descriptors: undefined };
const stage = openStage({ kind: 'foreman-2018', relay, surroundings }, directory, process.argv[4] ?? '');
const load = new SoakLoad(stage, 'foreman-2018', 1);
try {
  await stage.start();
  const running = load.run();
  const began = performance.now();
  const looks = Math.max(1, Math.min(MOST_LOOKS, Math.floor(minutes / LOOK_MINUTES)));
  const spanMs = (minutes * 60_000) / looks;
  for (let n = 1; n <= looks; n++) {
    const samples: Sample[] = [];
    const sessions = load.sessions;
    for (const until = began + n * spanMs; performance.now() < until; ) {
      samples.push(...[stage.program.sample()].flatMap((sample) => sample ?? []));
      await sleep(Math.min(500, Math.max(1, until - performance.now())));
    }
    say({ look: lookOf((n * minutes) / looks, samples, load.takeTimed(), load.sessions - sessions) });
  }
  load.stop();
  await running;
  const inTime = await stage.program.stop(STOP_WITHIN_MS);
  const { records, complaints, torn } = readLog(stage.program.lines, true);
  const faults = [
    ...load.broken.slice(0, MOST_TOLD).map((seen) => told(seen, records)),
    ...(records.length === load.sessions ? [] : [`${load.sessions} sessions, and ${records.length} records`]),
    ...(inTime ? [] : ['the program did not stop in time']),
    ...complaints.map(({ text }) => `it said: ${text}`).slice(0, MOST_TOLD),
    ...torn.map((text) => `a torn line: ${text}`).slice(0, MOST_TOLD),
  ];
  say({ sessions: load.sessions, megabytes: Math.round(load.bytes / 1e6), faults });
} finally {
  await stage.close();
  rmSync(directory, { recursive: true, force: true });
}
process.exit(0);

/** A session that didn't end well, and what the program says of it. */
function told(seen: ClientSeen, records: readonly RecordSeen[]): string {
  const record = records.find(({ service, client }) => service === seen.service && client === seen.from);
  const times = `${seen.endedAt - seen.connectedAt} ms; dialled for ${record?.dialMs} ms, ${record?.retries} retries`;
  return `${nameOf(seen, record)}: ${seen.outcome}, ${seen.fault}, after ${times}`;
}

function lookOf(
  at: number,
  samples: readonly Sample[],
  { through, direct }: ReturnType<SoakLoad['takeTimed']>,
  sessions: number,
): Look {
  const quantile = (timed: readonly number[], share: number): number =>
    Math.round((timed[Math.floor(share * timed.length)] ?? 0) * 10) / 10;
  return {
    minutes: Math.round(at * 100) / 100,
    residentMb: Math.round(Math.max(...samples.map(({ residentBytes }) => residentBytes)) / 1e5) / 10,
    descriptors: Math.min(...samples.map(({ sockets, others }) => sockets + others)),
    medianMs: quantile(through, 0.5),
    p99Ms: quantile(through, 0.99),
    directMs: quantile(direct, 0.5),
    sessions,
  };
}
