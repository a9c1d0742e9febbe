// `chargehand where CLIENT-IP`.

import type { WhereAnswer } from '../control/where.ts';
import { isAddress } from '../core/address.ts';
import { printable } from '../core/printable.ts';
import { type Command, wrongUsage } from './command.ts';
import { EXIT } from './host.ts';
import { operatorClient, SOCKET_OPTION } from './operator-client.ts';
import { type Paint, paintFor } from './paint.ts';
import { plainTable } from './plain-table.ts';

/** The least room for a reason. */
const LEAST_WHY = 24;

export const where: Command = {
  name: 'where',
  summary: 'show which node a client is sent to in each service, why, and who is next',
  details: [
    'Asking moves nothing: no turn is taken, no session is counted. Where nodes take turns it is any of those shown. ' +
      'NEXT takes over when the node can not be had.',
  ],
  examples: [['chargehand where 192.0.2.50', 'where the sessions of this host go']],
  arguments: [{ name: 'client-ip', description: "the client's address, as the balancer sees it" }],
  options: [SOCKET_OPTION],
  async run(given, host) {
    const [address = ''] = given.arguments;
    if (!isAddress(address)) throw wrongUsage(`${printable(address)} is not an IP address, such as 192.0.2.50`);
    const client = await operatorClient(given);
    const query = new URLSearchParams({ client: address });
    const answer = (await client.ask('GET', `/v1/where?${query}`)) as { services: readonly WhereAnswer[] };
    host.write(whereTable(answer.services, Math.max(80, host.terminal.columns), paintFor(host.terminal.color)));
    return EXIT.done;
  },
};

export function whereTable(answers: readonly WhereAnswer[], columns: number, paint: Paint): string {
  const rows = answers.map((answer) => [answer.service, nodeOf(answer), answer.next ?? '-', answer.why]);
  const widest = (i: number, head: string): number =>
    Math.max(head.length, ...rows.map((row) => row[i]?.length ?? 0)) + 2;
  const service = Math.min(24, widest(0, 'SERVICE'));
  const next = Math.min(18, widest(2, 'NEXT'));
  const node = Math.min(widest(1, 'NODE'), Math.max(18, columns - service - next - LEAST_WHY) / 2);
  const why = columns - service - next - Math.floor(node);
  return plainTable(
    [
      { head: paint('dim', 'SERVICE'), width: service, wrap: true },
      { head: paint('dim', 'NODE'), width: Math.floor(node), wrap: true },
      { head: paint('dim', 'NEXT'), width: next, wrap: true },
      { head: paint('dim', 'WHY'), width: why, wrap: true },
    ],
    rows,
  );
}

function nodeOf({ node, any_of }: WhereAnswer): string {
  if (node !== null) return node;
  return any_of.length === 0 ? '-' : `any of ${any_of.join(', ')}`;
}
