// `npm run test:chaos`: episode after episode until the time is over, each a process of its own in namespaces of its own.
// Prints what was violated, with the seed that does it again; exit code 1 if anything was.

import { existsSync, rmSync } from 'node:fs';
import { writeBetween } from '../bench/markers.ts';
import { spawnApart } from './apart.ts';
import { builtPrograms } from './built.ts';
import { INVARIANTS, LATE_MS } from './invariants/table.ts';
import { makeCertificates } from './make-certificates.ts';
import { type Options, readOptions } from './options.ts';
import { PROGRAM } from './program.ts';
import { type Report, textOf } from './report.ts';
import { leaveOutWithReason } from './surroundings.ts';
import { against, judgedWholly, neverStruck } from './verdict.ts';

interface Episode {
  readonly seed: number;
  readonly report: Report | undefined;
  /** What it said beside its report. */
  readonly words: string;
}

type Run = (seed: number, verbose: boolean) => Promise<Episode>;

function episode(program: string, certificates: string, seed: number, verbose: boolean): Promise<Episode> {
  const args = [`${seed}`, certificates, ...(verbose ? ['--verbose', '--keep'] : [])];
  const child = spawnApart(program, args, verbose ? 'inherit' : 'pipe');
  let [out, words] = ['', ''];
  child.stdout?.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    words += chunk;
  });
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      const last = out.trimEnd().split('\n').at(-1) ?? '';
      const report = last.startsWith('{') ? (JSON.parse(last) as Report) : undefined;
      resolve({ seed, report, words: report === undefined ? `${words}ended with ${signal ?? code}` : words });
    });
  });
}

async function runAll(run: Run, options: Options): Promise<readonly Episode[]> {
  const { minutes, jobs, from, verbose } = options;
  const until = Date.now() + minutes * 60_000;
  const done: Episode[] = [];
  let next = from;
  const worker = async (): Promise<void> => {
    while (Date.now() < until) {
      const one = await run(next++, false);
      done.push(one);
      const failed = one.report === undefined || one.report.violations.length > 0;
      if (failed || verbose) tell(one);
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  return done;
}

function tell({ seed, report, words }: Episode): void {
  console.log(report === undefined ? `seed ${seed}: no report` : textOf(report));
  if (words !== '') console.log(words.trimEnd().replace(/^/gm, '  '));
  if (report === undefined || report.violations.length > 0)
    console.log(`  again: npm run test:chaos -- --seed ${seed}`);
}

/** What was done, as a list. */
function sumUp(done: readonly Episode[]): string {
  const reports = done.flatMap(({ report }) => report ?? []);
  const sum = (of: (report: Report) => number): number => reports.reduce((total, report) => total + of(report), 0);
  const most = (of: (report: Report) => number): number => Math.max(0, ...reports.map(of));
  const never = neverStruck(reports);
  const relays = ['native', 'net'].map((kind) => `${reports.filter(({ relay }) => relay === kind).length} ${kind}`);
  const seeds = done.map(({ seed }) => seed);
  const late = reports.filter((report) => !judgedWholly(report)).length;
  const lateness = reports.map(({ lateMs }) => lateMs).sort((a, b) => a - b);
  return [
    `${done.length} episodes (relay: ${relays.join(', ')}), seeds ${Math.min(...seeds)} to ${Math.max(...seeds)}`,
    `${sum(({ sessions }) => sessions)} sessions, ${Math.round(sum(({ bytes }) => bytes) / 1e6)} MB through clients' sockets, ${sum(({ faults }) => faults.length)} faults`,
    `faults that did not strike: ${never.length === 0 ? 'none' : never.join(', ')}`,
    `most memory of the program: ${Math.round(most(({ mostResident }) => mostResident) / 1e6)} MB`,
    `how late the machine was with what was due, at worst in an episode: ${lateness[lateness.length >> 1] ?? 0} ms (median), ${lateness.at(-1) ?? 0} ms (most); episodes in which it was more than ${LATE_MS / 1000} s, judged only by what doesn't hang on time: ${late}`,
    `invariants: ${INVARIANTS.map(({ name }) => name).join(', ')}; violated: ${sum(({ violations }) => violations.length)}; without a report: ${done.length - reports.length}`,
  ]
    .map((line) => `- ${line}`)
    .join('\n');
}

const options = readOptions(process.argv.slice(2));
if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: npm run build`);
leaveOutWithReason();
const [program, certificates] = [(await builtPrograms())('one'), await makeCertificates()];
const run: Run = (seed, verbose) => episode(program, certificates, seed, verbose);
const done = options.seed === undefined ? await runAll(run, options) : [await run(options.seed, true)];
if (options.seed === undefined) {
  const summary = sumUp(done);
  console.log(summary);
  if (options.write) console.log(writeBetween('docs/reliability.md', 'chaos', summary));
} else for (const one of done) tell(one);
const wrong = against(done.map(({ report }) => report));
for (const what of wrong) console.log(`NOT WELL: ${what}`);
process.exitCode = wrong.length === 0 ? 0 : 1;
rmSync(certificates, { recursive: true });
