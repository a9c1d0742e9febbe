import { ranking } from '../../test/fixtures/rendezvous-in-bigint.ts';
import type { Account, Invariant } from '../account.ts';
import { groupBy } from '../group.ts';
import { CA_NODE, KINDS, NODES } from '../services.ts';
import { excused, matched, nameOf } from './books.ts';

/** Those in which no new session may come to a node, from the moment that they have struck. */
const KEEPS_AWAY: ReadonlySet<string> = new Set(['drain', 'maint', 'remove']);

/** One session is on one node, and a pinned one on its own: whoever was late. */
export const NODE: Invariant = {
  name: 'node',
  promise: 'one session, one node; a pinned one goes to its own and nowhere else',
  check: (account) => [...onSeveral(account), ...onPinned(account)],
};

/** Of the nodes that may be had, the right one. Which those are, hangs on who knew what when. */
export const CHOICE: Invariant = {
  name: 'choice',
  timely: true,
  promise:
    'a client of a `source` service is on the node of the hash, and nobody on one that is drained or out of the file',
  check: (account) => [...bySource(account), ...onLeaving(account)],
};

function onSeveral({ clients, nodes }: Account): string[] {
  const began = groupBy(
    [...nodes].flatMap(([node, account]) => account.began.map(({ id }) => ({ node, id }))),
    ({ id }) => id,
  );
  return [
    ...clients.filter((c) => c.nodes.length > 1).map((c) => `${nameOf(c)}: answered by ${c.nodes.join(' and ')}`),
    ...[...began].filter(([, all]) => all.length > 1).map(([id, all]) => `${id}: came to ${all.map((b) => b.node)}`),
  ];
}

function onPinned(account: Account): string[] {
  const pinned = new Set(KINDS[account.plan.kind].filter((r) => r.strategy === 'pinned').map((r) => r.name));
  const records = account.records.filter((r) => pinned.has(r.service) && r.node !== undefined && r.node !== CA_NODE);
  const clients = account.clients.filter((c) => pinned.has(c.service) && c.nodes.some((node) => node !== CA_NODE));
  return [
    ...records.map((r) => `session ${r.session} of ${r.service} went to ${r.node}`),
    ...clients.map((c) => `${nameOf(c)}: answered by ${c.nodes}`),
  ];
}

function bySource(account: Account): string[] {
  const source = new Set(KINDS[account.plan.kind].filter((r) => r.strategy === 'source').map((r) => r.name));
  return matched(account).flatMap(({ client, record }) => {
    const node = record?.node;
    if (record === undefined || node === undefined || !source.has(client.service)) return [];
    const ip = client.from.replace(/:\d+$/, '');
    const order = ranking(
      Uint8Array.from(ip.split('.').map(Number)),
      NODES.map((name) => ({ node: name, weight: 1 })),
    );
    const before = order.slice(0, order.indexOf(node));
    const passedOver = before.filter((n) => !excused(account, client.service, n, client.connectedAt, client.endedAt));
    return passedOver.map((n) => `${nameOf(client, record)}: its node is ${n}, and nothing was wrong with it`);
  });
}

function onLeaving(account: Account): string[] {
  const leaving = account.windows.filter(({ fault }) => KEEPS_AWAY.has(fault));
  return matched(account).flatMap(({ client, record }) =>
    leaving
      .filter((w) => w.node === record?.node && client.connectedAt > w.struck && client.endedAt < w.mending)
      .map((w) => `${nameOf(client, record)}: came to a node in ${w.fault}`),
  );
}
