// `npm run bench:threads`: what a second thread of the native relay makes of a bulk load that fills one. The proxy may use
// every core; load and backend stay on one of them. Prints the throughput and each thread's share of the work.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environment } from './environment.ts';
import { startBackend } from './generator.ts';
import { writeBetween } from './markers.ts';
import { measureCpu } from './measure.ts';
import { nodeBinary } from './node-binary.ts';
import { parseOptions, THREADS_USAGE } from './options.ts';
import { nativeWith } from './peers/ours.ts';
import { type RunningPeer, startPeer } from './running-peer.ts';
import { spreadOf } from './statistics.ts';
import { digits, table } from './tables.ts';
import { buildTools } from './tools.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const NODES = ['127.0.0.2', '127.0.0.3', '127.0.0.4'];
const COUNTS = [1, 2];
const BULK = { mode: 'down', size: 10_000_000, sessions: 16 } as const;

interface Round {
  readonly megabytes: number;
  /** Of all that the relay's threads did, the part of the one that did least, in percent. */
  readonly leastShare: number;
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2), { peers: COUNTS.map(nativeWith), rounds: 5, seconds: 2 });
  if (options === undefined) return console.log(THREADS_USAGE);
  const node = nodeBinary(options.node);
  const tools = buildTools();
  const facts = await environment(node.version, tools.compiler);
  for (const [name, value] of Object.entries(facts)) console.log(`${name.padEnd(20)}${value}`);
  const { peers, seconds, warmup } = options;
  for (const peer of peers) {
    const reason = peer.missing();
    if (reason !== undefined) throw new Error(reason);
  }
  const backend = await startBackend(tools, NODES, options.port);
  const running: RunningPeer[] = [];
  for (const peer of peers) {
    const first = options.port + 10 * (1 + running.length);
    const site = { ports: [first], extraPort: first + 1, nodes: NODES, nodePort: options.port, maxSessions: 1000 };
    running.push(await startPeer(tools, peer, { ...site, node: [node.path, ...options.nodeArgs] }, 'any'));
  }
  const found = new Map<string, Round[]>(peers.map(({ name }) => [name, []]));
  for (let round = 0; round < options.rounds; round++) {
    for (const peer of running) {
      const before = peer.threadSeconds('relay');
      const figure = await measureCpu(tools, peer, { ...BULK, seconds, warmup }, 'bytes');
      if (figure.errors !== '') throw new Error(`${peer.peer.name}: ${figure.errors}`);
      const spent = peer.threadSeconds('relay').map((now, thread) => now - (before[thread] ?? 0));
      const all = spent.reduce((sum, one) => sum + one, 0);
      const megabytes = figure.beside['MB/s'] ?? Number.NaN;
      found.get(peer.peer.name)?.push({ megabytes, leastShare: (100 * Math.min(...spent)) / all });
      const shares = spent.map((one) => `${digits((100 * one) / all)} %`).join(' ');
      console.log(`round ${round + 1}  ${peer.peer.title}  ${digits(megabytes)} MB/s  shares ${shares}`);
    }
  }
  await Promise.all([backend, ...running].map((child) => child.stop()));

  const rows = peers.map(({ name, title }) => {
    const rounds = found.get(name) ?? [];
    const { median, min, max } = spreadOf(rounds.map(({ megabytes }) => megabytes));
    const least = spreadOf(rounds.map(({ leastShare }) => leastShare)).median;
    return [title, digits(median), `${digits(min)} – ${digits(max)}`, `${digits(least)} %`];
  });
  const [one, two] = COUNTS.map((count) => found.get(nativeWith(count).name) ?? []);
  const ratios = (one ?? []).map(({ megabytes }, round) => (two?.[round]?.megabytes ?? Number.NaN) / megabytes);
  const head = ['bulk, 16 sessions', 'MB/s, median', 'lowest to highest', 'share of the thread that did least'];
  const times = `Two threads over one, the median of the rounds: ${spreadOf(ratios).median.toFixed(2)} ×.`;
  const conditions = `Node ${node.version}, ${facts['machine']}, load and backend on one core; ${options.rounds} rounds in turn; ${facts['date']}.`;
  const part = [table(head, rows), times, conditions].join('\n\n');
  console.log(`\n${part}`);
  if (options.write) console.log(writeBetween(join(ROOT, 'docs', 'performance.md'), 'threads', part));
}

main().catch((error: Error) => {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
});
