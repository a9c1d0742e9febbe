// `npm run bench:scale`: does the cost of one session stay the same as sessions, services and nodes grow? Draws the
// answer into docs/performance-scale.svg. A fresh process for every point; the peers in turn.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { environment } from './environment.ts';
import { errorText, startBackend, startLoad } from './generator.ts';
import { writeBetween } from './markers.ts';
import { measureCpu } from './measure.ts';
import { nodeBinary } from './node-binary.ts';
import { parseOptions, SCALE_USAGE } from './options.ts';
import type { Peer } from './peers/peer.ts';
import { native, REFERENCE } from './peers/peers.ts';
import { type Panel, plot } from './plot.ts';
import { type RunningPeer, startPeer } from './running-peer.ts';
import { spreadOf } from './statistics.ts';
import { digits } from './tables.ts';
import { buildTools, CACHE, type Tools } from './tools.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MAX_SESSIONS = 9000;
const MAX_NODES = 200;
const NODES = Array.from({ length: MAX_NODES }, (_, index) => `127.0.0.${index + 2}`);
/** Requests at the same time, however many sessions take turns. */
const IN_FLIGHT = 64;

const FIGURE_TEXT = 'Cost of a request, a connection and a session as sessions, services and nodes grow';

/** By panel: the figure of one round. */
type Found = Readonly<Record<string, number>>;

interface Axis {
  readonly foot: string;
  readonly steps: readonly number[];
  readonly services: (step: number) => number;
  readonly nodes: (step: number) => number;
  /** Title and unit of each panel it fills, by the name in Found. */
  readonly panels: Readonly<Record<string, { readonly title: string; readonly unit: string }>>;
  measure(scale: Scale, peer: RunningPeer, step: number): Promise<Found>;
}

interface Scale {
  readonly tools: Tools;
  readonly seconds: number;
  readonly warmup: number;
}

async function newConnection({ tools, seconds, warmup }: Scale, peer: RunningPeer): Promise<number> {
  const round = await measureCpu(tools, peer, { mode: 'crr', sessions: IN_FLIGHT, size: 512, seconds, warmup }, 'done');
  if (round.errors !== '') throw new Error(`${peer.peer.name}: ${round.errors}`);
  return round.value ?? Number.NaN;
}

async function perSession(scale: Scale, peer: RunningPeer, sessions: number): Promise<Found> {
  const { tools, seconds, warmup } = scale;
  // The first connections pay for what a process builds only once.
  await newConnection(scale, peer);
  const before = peer.residentBytes();
  const held = startLoad(tools, peer.targets, { mode: 'hold', sessions });
  await held.begun;
  await delay(500);
  const memory = (peer.residentBytes() - before) / sessions / 1000;
  const connect = await newConnection(scale, peer);
  const errors = errorText(await held.stop());
  const kept = { mode: 'rr', size: 512, inFlight: IN_FLIGHT, sessions, seconds, warmup } as const;
  const request = await measureCpu(tools, peer, kept, 'done');
  if (errors !== '' || request.errors !== '') throw new Error(`${peer.peer.name}: ${errors} ${request.errors}`);
  return { request: request.value ?? Number.NaN, connect, memory };
}

const AXES: readonly Axis[] = [
  {
    foot: 'sessions',
    steps: [100, 250, 500, 1000, 2000, 4000, 8000],
    services: () => 1,
    nodes: () => 3,
    panels: {
      request: { title: `A request on N kept sessions, ${IN_FLIGHT} at a time`, unit: 'CPU, µs' },
      connect: { title: 'A new connection beside N idle sessions', unit: 'CPU, µs' },
      memory: { title: 'Memory per session at N idle sessions', unit: 'kB' },
    },
    measure: perSession,
  },
  {
    foot: 'services',
    steps: [1, 3, 10, 30, 100],
    services: (step) => step,
    nodes: () => 3,
    panels: { services: { title: 'A new connection, over N services', unit: 'CPU, µs' } },
    measure: async (scale, peer) => ({ services: await newConnection(scale, peer) }),
  },
  {
    foot: 'nodes',
    steps: [2, 5, 20, 60, MAX_NODES],
    services: () => 1,
    nodes: (step) => step,
    panels: { nodes: { title: 'A new connection, over N nodes', unit: 'CPU, µs' } },
    measure: async (scale, peer) => ({ nodes: await newConnection(scale, peer) }),
  },
];

/** One line for the reader who does not look at the picture: how much more the largest step costs than the smallest. */
function growth(panels: readonly Panel[]): string {
  const rows = panels.flatMap((panel) =>
    panel.lines.map(({ title, points }) => {
      const [first, last] = [points.at(0), points.at(-1)];
      if (first === undefined || last === undefined) return '';
      const cells = [`${first.x} ${panel.foot}: ${digits(first.median)}`, `${last.x}: ${digits(last.median)}`];
      const times = `${(last.median / first.median).toFixed(2)} ×`;
      return `| ${panel.title} (${panel.unit}) | ${title} | ${cells.join(' | ')} | ${times} |`;
    }),
  );
  return ['| cost | peer | smallest | largest | growth |', '| --- | --- | ---: | ---: | ---: |', ...rows].join('\n');
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2), { peers: [native, REFERENCE], rounds: 3, seconds: 1 });
  if (options === undefined) return console.log(SCALE_USAGE);
  const node = nodeBinary(options.node);
  const tools = buildTools();
  const facts = await environment(node.version, tools.compiler);
  const scale: Scale = { tools, seconds: options.seconds, warmup: options.warmup };
  const backend = await startBackend(tools, NODES, options.port);
  const panels: Panel[] = [];

  const peers = options.peers.filter((peer) => {
    const reason = peer.missing();
    if (reason !== undefined) console.log(`skipped: ${peer.name}: ${reason}`);
    return reason === undefined;
  });
  const start = (peer: Peer, axis: Axis, step: number) => {
    // Services take one port each; every peer has a block of its own, so that a slow end never meets a new begin.
    const first = options.port + 10 + 120 * options.peers.indexOf(peer);
    return startPeer(tools, peer, {
      ports: Array.from({ length: axis.services(step) }, (_, index) => first + 1 + index),
      extraPort: first,
      nodes: NODES.slice(0, axis.nodes(step)),
      nodePort: options.port,
      node: [node.path, ...options.nodeArgs],
      maxSessions: MAX_SESSIONS,
    });
  };
  for (const axis of AXES) {
    const found = new Map<string, Found[]>();
    for (let round = 0; round < options.rounds; round++) {
      for (const step of axis.steps) {
        for (const peer of peers) {
          const running = await start(peer, axis, step);
          const figures = await axis.measure(scale, running, step).finally(() => running.stop());
          const key = `${peer.name} ${step}`;
          found.set(key, [...(found.get(key) ?? []), figures]);
          const shown = Object.entries(figures).map(([name, value]) => `${name} ${digits(value)}`);
          console.log(`${axis.foot} ${step}  ${peer.name}  ${shown.join('  ')}`);
        }
      }
    }
    for (const [name, { title, unit }] of Object.entries(axis.panels)) {
      const lines = peers.map((peer) => ({
        title: peer.title,
        points: axis.steps.map((x) => {
          const rounds = found.get(`${peer.name} ${x}`) ?? [];
          return { x, ...spreadOf(rounds.map((figures) => figures[name] ?? Number.NaN)) };
        }),
      }));
      panels.push({ title, unit, foot: axis.foot, lines });
    }
  }
  await backend.stop();

  const table = growth(panels);
  console.log(`\n${table}`);
  const folder = options.write ? join(ROOT, 'docs') : CACHE;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'performance-scale.svg'), plot('Cost as sessions, services and nodes grow', panels, 2));
  console.log(`\n${join(folder, 'performance-scale.svg')}: written`);
  if (!options.write) return;
  const conditions = `Node ${node.version}, ${facts['machine']}; medians of ${options.rounds} rounds; ${facts['date']}.`;
  console.log(
    writeBetween(
      join(ROOT, 'docs', 'performance.md'),
      'scale',
      `![${FIGURE_TEXT}](performance-scale.svg)\n\n${table}\n\n${conditions}`,
    ),
  );
}

main().catch((error: Error) => {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
});
