// `npm run bench:health`: what health checks cost. The built program checks 200 nodes × 9 services every 5 s over
// loopback, without a single session; its processor time is read from /proc. Its bound: 5 % of one core.

import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeAuthority } from '../demo/certificates.ts';
import { type Child, start } from './children.ts';
import { environment } from './environment.ts';
import { type BackendPlan, backendPorts, configText, SCENES, type Scene } from './health-plan.ts';
import { nodeBinary } from './node-binary.ts';
import { RECOMMENDED_NODE } from './options.ts';
import { cpuSeconds, processTree } from './proc.ts';
import { digits } from './tables.ts';
import { CACHE } from './tools.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const HTTP_PORT = 21_100;
/** The certificate is asked for again once a minute: a window must hold whole minutes. */
const WINDOW_SECONDS = 60;
const BOUND_PERCENT = 5;
const DEADLINE_MS = 60_000;

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '200' },
    only: { type: 'string', default: SCENES.map((scene) => scene.name).join(',') },
    seconds: { type: 'string', default: String(WINDOW_SECONDS) },
    node: { type: 'string', default: String(RECOMMENDED_NODE) },
    program: { type: 'string', default: join(ROOT, 'dist', 'src', 'main.js') },
  },
});

interface Found {
  readonly scene: Scene;
  /** In percent of one core. */
  readonly percent: number;
  readonly probesPerSecond: number;
  readonly failures: number;
}

interface Backend {
  readonly child: Child;
  /** Connections accepted up to now: probes. */
  accepted(): Promise<number>;
}

async function startBackend(): Promise<Backend> {
  const authority = await makeAuthority();
  const names = ['smartproxy.example.net'];
  const { certificate, key } = await authority.issue({ commonName: 'node', names });
  const plan: BackendPlan = { ...backendPorts(), cert: certificate, key };
  const file = fileURLToPath(new URL('health-backend.ts', import.meta.url));
  const child = start([process.execPath, '--import=tsx', file, JSON.stringify(plan)], 'load', ROOT);
  const { stdin, stdout } = child.process;
  if (stdin === null || stdout === null) throw new Error('the nodes have no pipes');
  const lines = createInterface({ input: stdout });
  const gone = once(child.process, 'exit').then(() => {
    throw new Error(`the nodes have ended: ${child.complaints()}`);
  });
  gone.catch(() => {});
  return {
    child,
    async accepted() {
      const answer = once(lines, 'line', { signal: AbortSignal.timeout(DEADLINE_MS) });
      stdin.write('?\n');
      return Number((await Promise.race([answer, gone]))[0]);
    },
  };
}

async function until(done: () => boolean | Promise<boolean>, complaint: () => string): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await done())) {
    if (performance.now() > deadline) throw new Error(complaint());
    await delay(100);
  }
}

/** The sum of a metric over all its series; 0 while nobody answers. */
async function metric(name: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${HTTP_PORT}/metrics`).catch(() => undefined);
  const lines = ((await response?.text()) ?? '').split('\n').filter((line) => line.startsWith(`${name}{`));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

async function measure(backend: Backend, scene: Scene, node: string, nodes: number, seconds: number): Promise<Found> {
  const folder = join(CACHE, 'sites', 'health');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${scene.name}.yaml`);
  writeFileSync(file, configText(scene, nodes, HTTP_PORT));
  const child = start([node, values.program, 'run', '-c', file], 'proxy', folder);
  child.process.stdout?.resume();
  try {
    const already = await backend.accepted();
    const different = new Set(scene.services.map(({ port }) => port)).size;
    // Every node three times: the first probes find out how a server is asked cheaply.
    const enough = scene.name === 'none' ? already : already + 3 * nodes * (different - 1);
    await until(
      async () => (await metric('chargehand_backend_up')) > 0 && (await backend.accepted()) >= enough,
      () => `chargehand doesn't check: ${child.complaints()}`,
    );
    await delay(2000);
    const probesBefore = await backend.accepted();
    const failuresBefore = await metric('chargehand_probe_failures_total');
    const before = cpuSeconds(processTree(child.pid));
    const begun = performance.now();
    await delay(seconds * 1000);
    const used = cpuSeconds(processTree(child.pid)) - before;
    const took = (performance.now() - begun) / 1000;
    return {
      scene,
      percent: (used / took) * 100,
      probesPerSecond: ((await backend.accepted()) - probesBefore) / took,
      failures: (await metric('chargehand_probe_failures_total')) - failuresBefore,
    };
  } finally {
    await child.stop();
  }
}

const nodes = Number(values.nodes);
const node = nodeBinary(Number(values.node));
if (node.remark !== undefined) process.stdout.write(`${node.remark}\n`);
const only = new Set(values.only.split(','));
const backend = await startBackend();
const found: Found[] = [];
for (const scene of SCENES.filter(({ name }) => only.has(name))) {
  found.push(await measure(backend, scene, node.path, nodes, Number(values.seconds)));
  const last = found.at(-1);
  process.stderr.write(`${scene.name}: ${last?.percent.toFixed(2)} %\n`);
}
await backend.child.stop();

const { machine, kernel, Node, date } = await environment(node.version, 'cc');
const rows = found.map(({ scene, percent, probesPerSecond, failures }) => {
  const each = probesPerSecond > 0 ? `${digits((percent * 10_000) / probesPerSecond)} µs` : '–';
  const bound = percent < BOUND_PERCENT ? 'yes' : '**no**';
  return `| ${scene.title} | ${digits(probesPerSecond)} | ${each} | ${percent.toFixed(1)} % | ${bound} |${failures > 0 ? ` ${failures} failed` : ''}`;
});
process.stdout.write(
  [
    `${nodes} nodes × 9 services every 5 s, no sessions. Node ${Node}; ${machine}, kernel ${kernel}; ${date}.`,
    '',
    '| checks | probes a second | processor time for one | of one core | below 5 % |',
    '|---|---:|---:|---:|---|',
    ...rows,
    '',
  ].join('\n'),
);
