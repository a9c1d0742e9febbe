// Whether the file that a command was given is the one that the running process reads: `plan`, `reload`
// and `upgrade` would answer for another one otherwise, as if it were this.

import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { AdminClient } from '../control/admin-client.ts';
import type { StatusAnswer } from '../control/admin-status.ts';
import { printable } from '../core/printable.ts';
import { type Given, textOption, wrongUsage } from './command.ts';

/** Rejects where `-c` names another file. With `--socket` it names nothing: what answers there may see other folders. */
export async function refuseAnotherFile(client: AdminClient, given: Given): Promise<void> {
  if (!given.configNamed || textOption(given, 'socket') !== undefined) return;
  const { config } = (await client.ask('GET', '/v1/status')) as StatusAnswer;
  const named = resolve(given.config);
  if (await isSameFile(config.file, named)) return;
  const [running, other] = [printable(config.file), printable(named)];
  const wayOut = `copy it there, or look at it alone: chargehand check -c ${other}`;
  throw wrongUsage(`the running process reads ${running}, not ${other}: ${wayOut}`);
}

/** By any path: links lead to one file. */
async function isSameFile(a: string, b: string): Promise<boolean> {
  if (a === b) return true;
  const [one, two] = await Promise.all([a, b].map((path) => stat(path, { bigint: true }).catch(() => undefined)));
  return one !== undefined && one.dev === two?.dev && one.ino === two.ino;
}
