import type { Account, Invariant } from '../account.ts';
import { groupBy } from '../group.ts';
import { lost, type Matched, matched, nameOf } from './books.ts';

/** Every session ends with exactly one record, whose counts match what client and node saw. */
export const RECORD: Invariant = {
  name: 'record',
  promise: 'every session has exactly one record, and its bytes and its node are those that client and node saw',
  check: (account) => [
    ...missing(account),
    ...tooMany(account),
    ...matched(account).flatMap((book) =>
      [...disagreements(book)].map((w) => `${nameOf(book.client, book.record)}: ${w}`),
    ),
  ],
};

function missing(account: Account): string[] {
  if (account.linesDropped > 0) return missingInNumber(account);
  const without = groupBy(
    matched(account).filter(
      ({ client, records }) => records.length === 0 && client.outcome !== 'not-connected' && !lost(account, client),
    ),
    ({ client }) => client.service,
  );
  return [...without].flatMap(([service, books]) => {
    // Refusals are summed up; and of a client that was gone before it was accepted nobody can say who it was.
    const nameless = account.records.filter((r) => r.service === service && r.client === '').length;
    const left = books.length - nameless - (account.summedUp.get(service) ?? 0);
    return left <= 0
      ? []
      : [
          `${left} sessions of ${service} without a record, among them ${books
            .slice(0, 3)
            .map((book) => nameOf(book.client))
            .join(', ')}`,
        ];
  });
}

/** Of lines that were dropped it is known only how many. */
function missingInNumber({ clients, metrics, windows }: Account): string[] {
  if (windows.some(({ fault }) => fault === 'crash' || fault === 'upgrade' || fault === 'no-descriptors')) return [];
  const came = clients.filter(({ outcome }) => outcome !== 'not-connected').length;
  const counted = [...metrics].filter(([name]) => name.startsWith('chargehand_sessions_total'));
  const ended = counted.reduce((sum, [, value]) => sum + value, 0);
  const maybe = clients.length - came;
  return came <= ended && ended <= came + maybe ? [] : [`${came} sessions came, and ${ended} were counted`];
}

function tooMany(account: Account): string[] {
  const clients = groupBy(account.clients, ({ service, from }) => `${service} ${from}`);
  const records = groupBy(account.records, ({ service, client }) => `${service} ${client}`);
  return [...records].flatMap(([key, all]) => {
    const came = key.endsWith(' ') ? Number.POSITIVE_INFINITY : (clients.get(key)?.length ?? 0);
    return all.length <= came ? [] : [`${all.length} records of ${came} sessions: ${key}, ${all.map((r) => r.end)}`];
  });
}

function* disagreements({ client, record, node }: Matched): Generator<string> {
  if (record === undefined) return;
  if (record.end === 'internal') yield 'a fault of the program';
  const [answered] = client.nodes;
  if (answered !== undefined && record.node !== answered) yield `${answered} answered`;
  if (node !== undefined && node.remote !== record.local) yield `the node saw ${node.remote}, not ${record.local}`;
  const counts = `in ${record.bytesIn}, out ${record.bytesOut}; its client wrote ${client.written} and read ${client.read}`;
  const ofNode = node === undefined ? '' : `; its node read ${node.read} and wrote ${node.written}`;
  if (record.bytesIn > client.written || record.bytesOut < client.read) yield counts;
  if (node !== undefined && (record.bytesIn < node.read || record.bytesOut > node.written)) yield `${counts}${ofNode}`;
  if (!client.clean || node?.clean !== true) return;
  if (record.end !== 'completed') yield 'it ended well on both sides';
  const same = record.bytesIn === client.written && record.bytesIn === node.read;
  if (!same || record.bytesOut !== client.read || record.bytesOut !== node.written) yield `${counts}${ofNode}`;
}
