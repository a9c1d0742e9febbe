import type { Account, ClientSeen, Invariant, RecordSeen } from '../account.ts';
import { FAULTS } from '../faults/table.ts';
import { CA_NODE, KINDS, NODES } from '../services.ts';
import { during, excused, matched, nameOf } from './books.ts';

const isFault = (name: string): name is keyof typeof FAULTS => name in FAULTS;
const CROWDED: ReadonlySet<string> = new Set(['crowd', 'few-descriptors', 'no-descriptors']);
/** It never came to a node. */
const NO_NODE: ReadonlySet<string> = new Set(['no-backend', 'dial-failed', 'dial-timeout', 'handshake-failed']);

/** A session whose node lives is never cut. */
export const CUT: Invariant = {
  name: 'cut',
  timely: true,
  promise: 'a session whose node lives is never cut, and one that comes finds a node while there is one',
  check: (account) =>
    account.clients.flatMap((client) => {
      if (['whole', 'own', 'wrong-bytes'].includes(client.outcome)) return [];
      const record = matched(account).find((book) => book.client === client)?.record;
      return mayEnd(account, client, record) ? [] : [`${nameOf(client, record)}: ${client.outcome}, ${client.fault}`];
    }),
};

function mayEnd(account: Account, client: ClientSeen, record: RecordSeen | undefined): boolean {
  const { connectedAt: from, endedAt: to } = client;
  const node = client.nodes[0] ?? record?.node;
  const unanswered = client.nodes.length === 0;
  const is = (...names: string[]) => during(account, from || to, to, ({ fault }) => names.includes(fault));
  if (client.outcome === 'hung') return false;
  if (is('crash', 'no-descriptors')) return true;
  // There was no room for it: the RST may be there before it has heard that it was connected.
  const noRoom = account.plan.surroundings.descriptors !== undefined && is(...CROWDED);
  if (record?.end === 'refused' || (client.outcome === 'not-connected' && record?.node === undefined)) return noRoom;
  // Or it has heard, and the log only counts it among the refused; that they are not too many, `record` sees.
  if (noRoom && unanswered && record === undefined && account.summedUp.has(client.service)) return true;
  if (client.outcome === 'certificate')
    return during(account, from, to, (w) => w.fault === 'wrong-certificate' && (w.node === node || node === undefined));
  if (unanswered && (record === undefined || NO_NODE.has(record.end)) && nobodyThere(account, client)) return true;
  return during(account, from, to, (window) => {
    const cuts = isFault(window.fault) ? FAULTS[window.fault].cuts : undefined;
    return window.node === node && (cuts === 'all' || (cuts === 'unanswered' && unanswered));
  });
}

/** Whether every node that might have served it had something. */
function nobodyThere(account: Account, { service, connectedAt, endedAt }: ClientSeen): boolean {
  const row = KINDS[account.plan.kind].find(({ name }) => name === service);
  const nodes = row?.strategy === 'pinned' ? [CA_NODE] : NODES;
  return nodes.every((node) => excused(account, service, node, connectedAt, endedAt));
}
