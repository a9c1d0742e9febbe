// `npm run bench`: measures the peers in turn, prints what it finds, and keeps it. What is measured: works.ts; how:
// measure.ts; how to read it: docs/performance.md.

import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environment } from './environment.ts';
import { startBackend } from './generator.ts';
import { writeBetween } from './markers.ts';
import { measure, type Round } from './measure.ts';
import { nodeBinary } from './node-binary.ts';
import { type BenchOptions, parseOptions, USAGE } from './options.ts';
import type { Peer } from './peers/peer.ts';
import { OURS, REFERENCE } from './peers/peers.ts';
import { type Figure, figureOf, type Results, ratio, type WorkResult } from './results.ts';
import { type RunningPeer, startPeer } from './running-peer.ts';
import { amount, digits, documentPart, readmePart, summaryTable } from './tables.ts';
import { buildTools, CACHE, type Tools } from './tools.ts';
import { WORKS, type Work } from './works.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const NODES = ['127.0.0.2', '127.0.0.3', '127.0.0.4'];
/** More than the idle sessions of the works; two descriptors each must stay below 20,000. */
const MAX_SESSIONS = 9000;
/** Ports from one peer to the next: its service, its own page, and the same for a second instance. */
const PORTS_PER_PEER = 10;

interface Bench {
  readonly options: BenchOptions;
  readonly tools: Tools;
  readonly node: readonly string[];
}

function startInstance(bench: Bench, peer: Peer, instance: number): Promise<RunningPeer> {
  const first = bench.options.port + PORTS_PER_PEER * (1 + bench.options.peers.indexOf(peer)) + 2 * instance;
  return startPeer(bench.tools, peer, {
    ports: [first],
    extraPort: first + 1,
    nodes: NODES,
    nodePort: bench.options.port,
    node: bench.node,
    maxSessions: MAX_SESSIONS,
  });
}

/** The peers that run here; why the others don't goes to `skipped`. */
async function startPeers(bench: Bench, skipped: string[]): Promise<RunningPeer[]> {
  const running: RunningPeer[] = [];
  for (const peer of bench.options.peers) {
    const reason = peer.missing();
    if (reason === undefined) {
      await startInstance(bench, peer, 0).then(
        (instance) => running.push(instance),
        (error: Error) => skipped.push(`${peer.name}: ${error.message}`),
      );
    } else {
      skipped.push(`${peer.name}: ${reason}`);
    }
  }
  for (const line of skipped) console.log(`skipped: ${line}`);
  return running;
}

/**
 * Half of what the slowest proxy manages, in round hundreds: the same rate for every peer. What it manages is known from
 * the work with requests on kept sessions; where that was not measured, it is done for this.
 */
async function commonRate(bench: Bench, peers: readonly RunningPeer[], done: readonly WorkResult[]): Promise<number> {
  const requests = WORKS.filter((work) => work.name === 'request');
  const known = done.find((work) => work.name === 'request');
  const [work] = known === undefined ? await Promise.all(requests.map((w) => runWork(bench, peers, w, 0))) : [known];
  const capacities = peers.flatMap((peer) => {
    const figure = work?.peers[peer.peer.name];
    return peer.measurable && figure !== undefined ? [figure.beside['units/s'] ?? 0] : [];
  });
  return Math.max(100, Math.floor(Math.min(...capacities, 100_000) / 200) * 100);
}

/** Memory is measured on a fresh process each time: what earlier works left behind is not the session's. */
async function oneRound(bench: Bench, peer: RunningPeer, work: Work, rate: number): Promise<Round> {
  const { seconds, warmup } = bench.options;
  if (work.kind !== 'memory') return measure(bench.tools, peer, work, { seconds, warmup }, rate);
  const fresh = await startInstance(bench, peer.peer, 1);
  try {
    return await measure(bench.tools, fresh, work, { seconds, warmup }, rate);
  } finally {
    await fresh.stop();
  }
}

async function runWork(bench: Bench, peers: readonly RunningPeer[], work: Work, rate: number): Promise<WorkResult> {
  const rounds = new Map<string, Round[]>(peers.map((peer) => [peer.peer.name, []]));
  const { rounds: many, memoryRounds } = bench.options;
  for (let round = 0; round < (work.kind === 'memory' ? memoryRounds : many); round++) {
    for (const peer of peers) {
      if (work.kind === 'memory' && !peer.measurable) continue;
      const failed = (error: Error): Round => ({ value: undefined, beside: {}, errors: error.message });
      rounds.get(peer.peer.name)?.push(await oneRound(bench, peer, work, rate).catch(failed));
    }
  }
  const figures = [...rounds].filter(([, list]) => list.length > 0).map(([name, list]) => [name, figureOf(list)]);
  const { name, title, unit, targets = {} } = work;
  return { name, title, unit, targets, peers: Object.fromEntries(figures) as Record<string, Figure> };
}

function printWork(work: WorkResult): void {
  console.log(`\n${work.title}`);
  for (const [name, figure] of Object.entries(work.peers)) {
    const { value } = figure;
    const median = value === undefined ? '–' : amount(value.median, work.unit);
    const spread = value === undefined ? '' : `${amount(value.min, work.unit)} – ${amount(value.max, work.unit)}`;
    const beside = Object.entries(figure.beside).map(([key, number]) => `${digits(number)} ${key}`);
    const errors = figure.errors.length === 0 ? '' : `  ERRORS: ${figure.errors.join('; ')}`;
    console.log(`  ${name.padEnd(14)}${median.padStart(9)}  ${spread.padEnd(22)}${beside.join('  ')}${errors}`);
  }
  for (const { name } of OURS) {
    const times = ratio(work, name, REFERENCE.name);
    if (times === undefined) continue;
    const target = work.targets[name];
    const targets = target === undefined ? '' : `  (must ≤ ${target.must}, aim ${target.aim})`;
    console.log(`  ${name} ÷ ${REFERENCE.name} = ${times.toFixed(2)}${targets}`);
  }
}

function keep(results: Results, write: boolean): void {
  const file = write ? join(ROOT, 'bench', 'results', 'latest.json') : join(CACHE, 'latest.json');
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, undefined, 2)}\n`);
  console.log(`\n${file}: written`);
  if (!write) return;
  // The linter checks this file like any other.
  spawnSync(join(ROOT, 'node_modules', '.bin', 'biome'), ['format', '--write', file], { cwd: ROOT });
  console.log(writeBetween(join(ROOT, 'README.md'), 'bench', readmePart(results)));
  console.log(writeBetween(join(ROOT, 'docs', 'performance.md'), 'bench', documentPart(results)));
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) return console.log(USAGE);
  const node = nodeBinary(options.node);
  if (node.remark !== undefined) console.log(node.remark);
  const bench: Bench = { options, tools: buildTools(), node: [node.path, ...options.nodeArgs] };
  const facts = await environment([node.version, ...options.nodeArgs].join(' '), bench.tools.compiler);
  for (const [name, value] of Object.entries(facts)) console.log(`${name.padEnd(20)}${value}`);
  if (Number(facts['load before the run']) > 0.5)
    console.log('Others work on this machine: the figures will not be worth much.');

  const backend = await startBackend(bench.tools, NODES, options.port);
  const skipped: string[] = [];
  const peers = await startPeers(bench, skipped);
  const works: WorkResult[] = [];
  let rate = 0;
  for (const work of options.works) {
    if (work.kind === 'latency' && rate === 0) rate = await commonRate(bench, peers, works);
    const result = await runWork(bench, peers, work, rate);
    printWork(result);
    works.push(result);
  }
  await Promise.all([backend, ...peers].map((child) => child.stop()));

  const results: Results = {
    environment: facts,
    rounds: options.rounds,
    seconds: options.seconds,
    peers: peers.map(({ peer: { name, title, settings } }) => ({ name, title, settings })),
    skipped,
    works,
  };
  console.log(`\n${summaryTable(results)}`);
  keep(results, options.write);
  // A damaged byte is no question of speed.
  const damaged = works.some((work) =>
    Object.values(work.peers).some((f) => f.errors.some((e) => e.includes('corrupt'))),
  );
  if (damaged) throw new Error('a payload arrived damaged: see "corrupt" above');
}

main().catch((error: Error) => {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
});
