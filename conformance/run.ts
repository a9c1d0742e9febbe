// Plays all cases on one product: those that leave the program alone share one process of it, each with a service and
// nodes of its own; the others get a process each. The log is looked at when the process has ended and all was read.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mapWide } from '../test/fixtures/real-haproxy.ts';
import { type Case, expected, type Seen, type Theme } from './case.ts';
import type { Product, Running } from './products/product.ts';
import { Stage } from './stage.ts';
import { Turn } from './turn.ts';

export interface Played {
  readonly seen: Seen;
  readonly log: string;
}

/** What came of a case: what was seen, or why it could not be played to its end. */
export type Result = Played | { readonly failure: string };

/** So many cases of the shared process at once, and so many processes of the others. */
const WIDTH = 8;
const ALONE_WIDTH = 3;
const CASE_WITHIN_MS = 120_000;

/** Addresses of 127.0.0.0/8 that no other process draws from: its port numbers can be fixed. */
const NETWORK = `127.${64 + (process.pid % 180)}`;
const PER_STAGE = 8;
let stages = 0;

function hosts(): readonly string[] {
  const first = stages++ * PER_STAGE;
  return Array.from({ length: PER_STAGE }, (_, i) => `${NETWORK}.${((first + i) >> 8) & 255}.${(first + i) & 255}`);
}

interface Playable {
  readonly theme: string;
  readonly name: string;
  readonly one: Case;
}

export async function play(product: Product, themes: readonly Theme[]): Promise<ReadonlyMap<Case, Result>> {
  const playable = themes.flatMap((theme, i) =>
    theme.cases.map((one, j) => ({ theme: theme.title, name: `t${i + 1}c${j + 1}`, one })),
  );
  const wanted = playable.filter(({ one }) => expected(one, product.name) !== undefined);
  const groups = [wanted.filter(({ one }) => !one.alone), ...wanted.filter(({ one }) => one.alone).map((one) => [one])];
  const results = await mapWide(
    groups.filter((group) => group.length > 0),
    ALONE_WIDTH,
    (group) => playTogether(product, group),
  );
  return new Map(results.flat());
}

async function playTogether(product: Product, group: readonly Playable[]): Promise<[Case, Result][]> {
  const folder = mkdtempSync(join(tmpdir(), 'conform-'));
  const sets: (readonly [Playable, Stage])[] = [];
  const turn = await Turn.set(hosts());
  let running: Running | undefined;
  try {
    for (const playable of group) {
      const { setup } = playable.one;
      const path = setup.unix ? join(folder, `${playable.name}.sock`) : undefined;
      sets.push([playable, await Stage.set(playable.name, setup, hosts(), path)]);
    }
    running = await product.start(
      { folder, host: hosts()[0] ?? '' },
      [...sets.map(([, stage]) => stage), turn.stage].map((stage) => stage.service),
    );
    const results = await playAll(running, sets, turn);
    return results;
  } catch (error) {
    return group.map(({ one }) => [one, { failure: String(error) }]);
  } finally {
    await running?.end();
    for (const [, stage] of sets) await stage.strike();
    await turn.stage.strike();
    rmSync(folder, { recursive: true });
  }
}

async function playAll(
  running: Running,
  sets: readonly (readonly [Playable, Stage])[],
  turn: Turn,
): Promise<[Case, Result][]> {
  const seen = await mapWide(sets, WIDTH, async ([{ one }, stage]) => {
    stage.begin(running, () => turn.pass());
    try {
      return { seen: await within(one.play(stage)) };
    } catch (error) {
      return { failure: `${error instanceof Error ? error.message : error}\n${running.output()}` };
    } finally {
      await stage.strike();
    }
  });
  running.stop();
  await within(running.exited);
  return sets.map(([{ one, name }, stage], i) => {
    const result = seen[i];
    if (result === undefined || !('seen' in result)) return [one, { failure: result?.failure ?? 'not played' }];
    const lines = stage.logged?.map((client) => running.logOf(name, client));
    return [one, { seen: result.seen, log: lines?.find((line) => line !== undefined) ?? 'none' }];
  });
}

async function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${CASE_WITHIN_MS} ms`)), CASE_WITHIN_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
