// Names of nodes and services that a command was given and nobody knows: told with a near name, or with those there are.

import { didYouMean } from '../config/near.ts';
import type { AdminClient } from '../control/admin-client.ts';
import type { StatusAnswer } from '../control/admin-status.ts';
import { printable } from '../core/printable.ts';
import { ChargehandError } from '../errors.ts';

export interface Named {
  readonly node: string | undefined;
  readonly services: readonly string[] | undefined;
}

/** More are no help in one line. */
const MOST_SHOWN = 12;

/** Rejects where what runs has no such node or service. */
export async function checkNames(client: AdminClient, { node, services = [] }: Named): Promise<void> {
  if (node === undefined && services.length === 0) return;
  const { services: running } = (await client.ask('GET', '/v1/status')) as StatusAnswer;
  const nodes = running.flatMap(({ backends }) => backends.map((backend) => backend.node));
  if (node !== undefined) check('node', node, nodes);
  const names = running.map((one) => one.service);
  for (const service of services) check('service', service, names);
}

function check(what: string, name: string, known: readonly string[]): void {
  const names = [...new Set(known)];
  if (names.includes(name)) return;
  const guess = didYouMean(name, names);
  const more = names.length > MOST_SHOWN ? `, and ${names.length - MOST_SHOWN} more` : '';
  const list = names.length === 0 ? '' : `; there are ${names.slice(0, MOST_SHOWN).join(', ')}${more}`;
  const message = `there is no ${what} ${printable(name)}${guess === '' ? list : guess}`;
  throw new ChargehandError('not-found', message, { side: 'client' });
}
