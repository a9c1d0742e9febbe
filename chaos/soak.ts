// `npm run test:soak`: a mixed load for a while, and whether the program is at the end what it was at the start. With
// `--write` the plot and the figures of docs/reliability.md are made anew.

import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { writeBetween } from '../bench/markers.ts';
import { type Panel, plot } from '../bench/plot.ts';
import { spawnApart } from './apart.ts';
import { builtPrograms } from './built.ts';
import { makeCertificates } from './make-certificates.ts';
import { readSoakOptions } from './options.ts';
import { PROGRAM } from './program.ts';
import type { SoakLine } from './soak-one.ts';
import { type Look, partsOf, worsened } from './soak-verdict.ts';
import { leaveOutWithReason } from './surroundings.ts';

const DOCUMENT = 'docs/reliability.md';
const PLOT = 'docs/reliability-soak.svg';

const options = readSoakOptions(process.argv.slice(2));
if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: npm run build`);
leaveOutWithReason();

const looks: Look[] = [];
let sum: Extract<SoakLine, { sessions: number }> | undefined;
const program = (await builtPrograms())('soak-one');
const certificates = await makeCertificates();
const child = spawnApart(program, [`${options.minutes}`, options.relay, certificates], 'inherit');
if (child.stdout === null) throw new Error('nothing to read');
for await (const text of createInterface({ input: child.stdout })) {
  const line = JSON.parse(text) as SoakLine;
  if ('look' in line) looks.push(line.look);
  else sum = line;
}
rmSync(certificates, { recursive: true });
const { first, last } = partsOf(looks);
const faults = sum === undefined ? ['it did not come to its end'] : [...sum.faults, ...worsened(looks)];
const table = [
  `${options.minutes} minutes, relay ${options.relay}: ${sum?.sessions} sessions, ${sum?.megabytes} MB, ${sum?.faults.length} that did not end as planned.`,
  '',
  '| | first quarter (after the warm-up) | last quarter |',
  '|---|---|---|',
  `| memory (resident), MB | ${first.residentMb} | ${last.residentMb} |`,
  `| descriptors | ${first.descriptors} | ${last.descriptors} |`,
  `| a short session, median, ms | ${first.medianMs} | ${last.medianMs} |`,
  `| a short session, 99 of 100, ms | ${first.p99Ms} | ${last.p99Ms} |`,
  `| the same straight to a node, median, ms | ${first.directMs} | ${last.directMs} |`,
].join('\n');
console.log(table);
for (const fault of faults) console.log(`WRONG: ${fault}`);
if (options.write) {
  writeFileSync(PLOT, plot('A soak: memory, descriptors and latency over time', panels(), 3));
  console.log(writeBetween(DOCUMENT, 'soak', table));
}
process.exitCode = faults.length === 0 ? 0 : 1;

function panels(): readonly Panel[] {
  const line = (title: string, of: (look: Look) => number) => ({
    title,
    points: looks.map((look) => ({ x: look.minutes, median: of(look), min: of(look), max: of(look) })),
  });
  const panel = { foot: 'minutes', scale: 'linear' } as const;
  return [
    { ...panel, title: 'Memory', unit: 'MB resident', lines: [line('chargehand', (look) => look.residentMb)] },
    { ...panel, title: 'Descriptors', unit: 'open', lines: [line('chargehand', (look) => look.descriptors)] },
    {
      ...panel,
      title: 'A short session through it',
      unit: 'ms',
      lines: [line('median', (look) => look.medianMs), line('99 of 100', (look) => look.p99Ms)],
    },
  ];
}
