// What `npm start` runs: certificates, the stand-ins, and the real program (`chargehand run`) before them, each a process
// of its own; one summary of what it all is; and an orderly end. Balances nothing itself.
//
// `node dist/demo/run.js [FILE]`: another configuration than config/demo.yaml, with the same names of services.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { extname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Config } from '../src/config/config.ts';
import { loadConfig } from '../src/config/load.ts';
import { writeCertificates } from './certificate-files.ts';
import { StandInGroup } from './stand-in-group.ts';
import { standInsFor } from './stand-in-process.ts';
import { httpUrl, summary } from './summary.ts';

const EXTENSION = extname(import.meta.url);
/** From sources the package's root is one step up, from a build two. */
const DEMO_FILE = new URL(EXTENSION === '.ts' ? '../config/demo.yaml' : '../../config/demo.yaml', import.meta.url);
const PROGRAM = fileURLToPath(new URL(`../src/main${EXTENSION}`, import.meta.url));
const READY_WITHIN_MS = 20_000;
/** `npm start` passes on a signal that the terminal has sent to everyone already: one Ctrl-C arrives twice. */
const SAME_SIGNAL_MS = 500;

/** Aborted by the first signal: end it all in order. */
const stopping = new AbortController();
/** Aborted by a later one: end it now. */
const insisting = new AbortController();

function stopOnSignals(): void {
  let first = 0;
  const onSignal = (): void => {
    if (first === 0) {
      first = Date.now();
      stopping.abort();
    } else if (Date.now() - first > SAME_SIGNAL_MS) {
      insisting.abort();
    }
  };
  // A closed terminal ends the demo as well; nothing may be left on its ports.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
}

function say(text: string): void {
  console.log(`demo: ${text}`);
}

/** Everything from the first certificate to the balancer's end. Returns the exit code. */
async function demonstrate(file: string, directory: string, standIns: StandInGroup): Promise<number> {
  const { config } = await loadConfig(file);
  const plans = standInsFor(config);
  const authorityFile = await writeCertificates(directory, plans, config.name ?? 'smartproxy.example.test');
  await standIns.start(plans);
  if (stopping.signal.aborted) return 0;

  // A session of its own, as the stand-ins: a Ctrl-C reaches it once, through us.
  const balancer = spawn(process.execPath, [...process.execArgv, PROGRAM, 'run', '-c', file], {
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  for (const { signal } of [stopping, insisting]) signal.addEventListener('abort', () => balancer.kill('SIGTERM'));
  try {
    if (await untilReady(config, balancer)) console.log(summary(config, authorityFile, standIns.pids));
    const code = await exitCodeOf(balancer);
    if (!stopping.signal.aborted) say(`the balancer ended by itself, exit code ${code}`);
    return code;
  } finally {
    balancer.kill('SIGKILL');
    // What somebody drained in one demo should not surprise in the next.
    if (config.admin !== false) await rm(config.admin.state, { force: true });
  }
}

/** Asks /readyz until it says yes. False: the balancer has ended, or is to end. */
async function untilReady(config: Config, balancer: ChildProcess): Promise<boolean> {
  if (config.http === false) return true;
  const url = `${httpUrl(config.http)}/readyz`;
  for (const deadline = Date.now() + READY_WITHIN_MS; Date.now() < deadline; await sleep(50)) {
    if (stopping.signal.aborted || hasEnded(balancer)) return false;
    const response = await fetch(url).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.ok) return true;
  }
  throw new Error(`the balancer did not become ready within ${READY_WITHIN_MS / 1000} s: ${url} never said yes`);
}

/** The exit code of a child, as a shell would give it. */
async function exitCodeOf(child: ChildProcess): Promise<number> {
  if (!hasEnded(child)) await once(child, 'exit');
  if (child.exitCode !== null) return child.exitCode;
  // Told to stop before it could listen for signals: that is a stop as asked for.
  if (stopping.signal.aborted && child.signalCode === 'SIGTERM') return 0;
  return 128 + constants.signals[child.signalCode ?? 'SIGKILL'];
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

stopOnSignals();
const directory = await mkdtemp(join(tmpdir(), 'chargehand-demo-'));
const standIns = new StandInGroup(directory, say);
try {
  const file = process.argv[2] ?? relative('', fileURLToPath(DEMO_FILE));
  process.exitCode = await demonstrate(file, directory, standIns);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await standIns.close();
  await rm(directory, { recursive: true, force: true });
}
