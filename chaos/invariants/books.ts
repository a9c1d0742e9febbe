// The accounts of one session laid side by side: what its client saw, what the log says, what the node saw. And what was
// broken meanwhile. Judges nothing.

import type { Account, ClientSeen, RecordSeen, Window } from '../account.ts';
import { groupBy } from '../group.ts';
import type { NodeSeen } from '../node.ts';

export interface Matched {
  readonly client: ClientSeen;
  /** More than one: an address was used twice, or a session has two records. */
  readonly records: readonly RecordSeen[];
  /** The record is this client's alone. */
  readonly record: RecordSeen | undefined;
  readonly node: NodeSeen | undefined;
}

const cache = new WeakMap<Account, readonly Matched[]>();

export function matched(account: Account): readonly Matched[] {
  const known = cache.get(account);
  if (known !== undefined) return known;
  const records = groupBy(account.records, (record) => `${record.service} ${record.client}`);
  const clients = groupBy(account.clients, (client) => `${client.service} ${client.from}`);
  const nodes = new Map([...account.nodes.values()].flatMap(({ ended }) => ended.map((seen) => [seen.id, seen])));
  const books = account.clients.map((client): Matched => {
    const key = `${client.service} ${client.from}`;
    const own = records.get(key) ?? [];
    const record = clients.get(key)?.length === 1 && own.length === 1 ? own[0] : undefined;
    return { client, records: own, record, node: nodes.get(client.id) };
  });
  cache.set(account, books);
  return books;
}

/** The windows of these faults that touch the time from `from` to `to`. */
export function during(account: Account, from: number, to: number, which: (window: Window) => boolean): boolean {
  return account.windows.some((window) => window.from <= to && window.to >= from && which(window));
}

/** Whether the program knew, at some moment of that time, that this node was down for the service. */
export function knownDown(account: Account, service: string, node: string, from: number, to: number): boolean {
  let down: number | undefined;
  for (const flip of account.flips) {
    if (flip.service !== service || flip.node !== node) continue;
    if (flip.to === 'down') down ??= flip.at;
    else if (down !== undefined) {
      if (down <= to && flip.at >= from) return true;
      down = undefined;
    }
  }
  return down !== undefined && down <= to;
}

/** Whether there was a reason not to use this node at some moment of that time. */
export function excused(account: Account, service: string, node: string, from: number, to: number): boolean {
  // A process that is new, or a node that is new in the file, is not asked in no time.
  const slack = 3000 + 2 * account.lateMs;
  return (
    during(account, from - slack, to + slack, (window) => window.node === node) ||
    knownDown(account, service, node, from - slack, to + slack)
  );
}

/** `c17 https 127.20.2.3:4711 (relay)`: to find it again. */
export const nameOf = (client: ClientSeen, record?: RecordSeen): string =>
  `${client.id} ${client.service} ${client.from}${record === undefined ? '' : ` (session ${record.session} on ${record.node}, ${record.end})`}`;

/** Beyond all reckoning: for these sessions there may be no record. */
export const lost = (account: Account, client: ClientSeen): boolean =>
  during(
    account,
    client.connectedAt - 1000,
    client.endedAt + 1000,
    ({ fault }) => fault === 'crash' || fault === 'no-descriptors',
  );
