// A peer that runs: started from its data, ready when a verified request came through it, measured from /proc.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Core, start } from './children.ts';
import { errorText, startLoad } from './generator.ts';
import type { Peer, Site } from './peers/peer.ts';
import { cpuSeconds, processTree, residentBytes, threadSeconds } from './proc.ts';
import { CACHE, type Tools } from './tools.ts';

export interface RunningPeer {
  readonly peer: Peer;
  /** Where the load connects. */
  readonly targets: readonly string[];
  /** Whether there is a process to measure. */
  readonly measurable: boolean;
  cpuSeconds(): number;
  residentBytes(): number;
  /** Of each of its threads with this name. */
  threadSeconds(name: string): number[];
  stop(): Promise<void>;
}

const START_DEADLINE_MS = 15_000;

/** There is no process. */
const NOTHING = {
  cpuSeconds: () => 0,
  residentBytes: () => 0,
  threadSeconds: () => [],
  stop: async () => {},
};

export async function startPeer(
  tools: Tools,
  peer: Peer,
  place: Omit<Site, 'folder'>,
  core: Core = 'proxy',
): Promise<RunningPeer> {
  const site: Site = { ...place, folder: join(CACHE, 'sites', `${peer.name}-${place.ports[0]}`) };
  const launch = peer.launch(site);
  if (launch === undefined) {
    const targets = site.nodes.map((node) => `${node}:${site.nodePort}`);
    return { peer, targets, measurable: false, ...NOTHING };
  }
  mkdirSync(site.folder, { recursive: true });
  for (const [file, text] of Object.entries(launch.files)) writeFileSync(file, text);
  const child = start(launch.command, core, site.folder);
  child.process.stdout?.resume();
  const targets = site.ports.map((port) => `127.0.0.1:${port}`);
  const deadline = performance.now() + START_DEADLINE_MS;
  for (;;) {
    if (child.process.exitCode !== null) throw new Error(`${peer.name} ended at once: ${child.complaints()}`);
    const result = await startLoad(tools, targets, { mode: 'crr', sessions: targets.length, count: targets.length })
      .result;
    const errors = errorText(result);
    if (errors === '' && result.done >= targets.length) break;
    if (performance.now() > deadline) throw new Error(`${peer.name} serves nobody (${errors}): ${child.complaints()}`);
    await delay(50);
  }
  return {
    peer,
    targets,
    measurable: true,
    cpuSeconds: () => cpuSeconds(processTree(child.pid)),
    residentBytes: () => residentBytes(processTree(child.pid)),
    threadSeconds: (name) => threadSeconds(child.pid, name),
    stop: () => child.stop(),
  };
}
