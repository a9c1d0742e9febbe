// One episode: the nodes and the program are started, clients come and things break as planned, all is mended, everybody
// finishes, and everything that was seen becomes an account. Judges nothing.

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account, ClientSeen, Sample, Window } from './account.ts';
import { runClient } from './client.ts';
import { Crowd } from './crowd.ts';
import type { World } from './faults/fault.ts';
import { FAULTS } from './faults/table.ts';
import { Lateness } from './lateness.ts';
import { readLog } from './log-lines.ts';
import { ACTIVE_MS, type ClientPlan, type EpisodePlan, type FaultPlan, FIRST_PORT } from './plan.ts';
import type { Program } from './program.ts';
import { Random } from './random.ts';
import { ACTIVE, DROPPED, perNode, UP } from './series.ts';
import { CA_NODE, KINDS } from './services.ts';
import { openStage } from './stage.ts';

/** As long as a node may be held down after it was ill twice, and answer again. */
const RECOVERY_MS = 26_000;
/** Ports of the clients that come last begin here. */
const SESSIONS_ROOM = 5000;
const IDLE_WITHIN_MS = 10_000;
/** The sessions that are left when all is asked to stop end by themselves. */
const STOP_WITHIN_MS = 20_000;

/** `tell`: how far it is. */
export async function runEpisode(
  plan: EpisodePlan,
  directory: string,
  certificates: string,
  tell: (what: string) => void,
): Promise<Account> {
  const stage = openStage(plan, directory, certificates);
  const { program, nodes, target } = stage;
  const crowded = KINDS[plan.kind][0]?.name ?? '';
  const crowd = new Crowd({ service: crowded, ...target(crowded) });
  const world: World = {
    program,
    node(name) {
      const node = nodes.get(name);
      if (node === undefined) throw new Error(`no node ${name}`);
      return node;
    },
    file: stage.file,
    crowd,
    directory,
  };

  const samples: Sample[] = [];
  const lateness = new Lateness();
  const watch = setInterval(() => samples.push(...[program.sample()].flatMap((s) => s ?? [])), 250);
  try {
    await stage.start();
    tell('started');
    await sleep(1500);
    const windows: Window[] = [];
    const began = Date.now();
    const come = async (client: ClientPlan): Promise<ClientSeen> => {
      await sleep(client.atMs - (Date.now() - began));
      return await runClient(client, target(client.service));
    };
    const befalls = new Map<string, Promise<void>>();
    for (const fault of plan.faults) {
      const whom = fault.node ?? '';
      const before = befalls.get(whom) ?? Promise.resolve();
      befalls.set(whom, strike(fault, before, world, began, windows, tell));
    }
    const clients = plan.clients.map(come);
    await Promise.all(befalls.values());
    const mendedAt = Date.now();
    tell('mended');
    const seen = await Promise.all(clients);
    tell('all clients have finished');
    await whenUp(program, perNode(UP, plan.kind), mendedAt + RECOVERY_MS);
    const last = await Promise.all(finalClients(plan).map((client) => runClient(client, target(client.service))));
    tell('served once more');
    const metrics = await whenIdle(program);
    await sleep(1500);
    const endedAt = Date.now();
    tell('stopping');
    const inTime = await program.stop(STOP_WITHIN_MS);
    const log = readLog(linesOf(program, stage.logFile), !plan.surroundings.steppedClock);
    return {
      plan,
      clients: [...seen, ...last, ...crowd.seen],
      nodes: new Map([...nodes].map(([name, node]) => [name, node.account])),
      records: log.records,
      summedUp: log.summedUp,
      flips: log.flips,
      complaints: [...log.complaints, ...program.errors.map(({ readAt, text }) => ({ at: readAt, text }))],
      windows,
      samples,
      mendedAt,
      lateMs: lateness.mostMs,
      endedAt,
      metrics,
      linesDropped: metrics.get(DROPPED) ?? 0,
      tornLines: log.torn,
      exits: [
        ...program.exits,
        ...(inTime ? [] : [{ how: `did not stop within ${STOP_WITHIN_MS} ms`, wanted: false }]),
      ],
    };
  } catch (error) {
    throw new Error(`the episode broke off; ${lastWords(program)}`, { cause: error });
  } finally {
    clearInterval(watch);
    lateness.close();
    await stage.close();
  }
}

/** What is left to go by when an episode can't go on. */
function lastWords({ exits, errors, lines }: Program): string {
  const ended = exits.map(({ how }) => how).join(', ') || 'not at all';
  const last = [...errors, ...lines.slice(-5)].map(({ text }) => text).join('\n');
  return `the program ended ${ended}; its stderr and its last lines:\n${last}`;
}

async function strike(
  plan: FaultPlan,
  before: Promise<void>,
  world: World,
  began: number,
  windows: Window[],
  tell: (what: string) => void,
): Promise<void> {
  const { fault, node, atMs, forMs, seed } = plan;
  await sleep(atMs - (Date.now() - began));
  // On a machine that is slow the one before may not be mended yet.
  await before;
  const from = Date.now();
  tell(`${fault} ${node ?? ''} for ${forMs} ms`);
  const whom = { world, node: node ?? CA_NODE, random: new Random(seed), forMs };
  const mend = await FAULTS[fault].begin(whom);
  const struck = Date.now();
  await sleep(forMs);
  const missed = await FAULTS[fault].missed?.(whom);
  const mending = Date.now();
  await mend();
  windows.push({ fault, node, from, struck, mending, to: Date.now(), missed });
}

/** When all is mended every service must serve, from any client. */
function finalClients(plan: EpisodePlan): readonly ClientPlan[] {
  return KINDS[plan.kind].flatMap(({ name }, i) =>
    [1, 2, 3].map((n): ClientPlan => {
      const rounds = [{ up: 1000, down: 20_000 }];
      const how = { behaviour: 'talk', rounds, thinkMs: 0, ending: 'client', afterBytes: 0 } as const;
      return {
        id: `last-${name}-${n}`,
        atMs: ACTIVE_MS,
        service: name,
        address: `127.20.2.${n}`,
        port: FIRST_PORT + SESSIONS_ROOM + i,
        ...how,
      };
    }),
  );
}

async function whenUp(program: Program, backends: readonly string[], deadline: number): Promise<void> {
  for (; Date.now() < deadline; await sleep(250)) {
    const metrics = await program.metrics();
    if (backends.every((backend) => metrics.get(backend) === 1)) return;
  }
}

/** The metrics once no session runs, or when that takes too long. */
async function whenIdle(program: Program): Promise<ReadonlyMap<string, number>> {
  for (const deadline = Date.now() + IDLE_WITHIN_MS; ; await sleep(250)) {
    const metrics = await program.metrics();
    const running = [...metrics].filter(([name, value]) => name.startsWith(ACTIVE) && value > 0);
    if (running.length === 0 || Date.now() > deadline) return metrics;
  }
}

function linesOf(program: Program, logFile: string | undefined): Program['lines'] {
  if (logFile === undefined) return program.lines;
  const lines = readFileSync(logFile, 'utf8').split('\n');
  return lines.filter((text) => text !== '').map((text) => ({ readAt: Date.now(), text }));
}
