// PROXY headers that come: who is taken for the client, who may say so, and what is no header.

import { until } from '../../test/fixtures/until.ts';
import type { Case, Seen, Theme } from '../case.ts';
import type { End } from '../end.ts';
import {
  NAMED,
  NAMED_6,
  V1,
  V1_6,
  V1_UNKNOWN,
  V2,
  V2_6,
  V2_LOCAL,
  V2_SHORT,
  V2_VALUE_CUT,
  V2_VALUES,
  V2_VERSION_3,
} from '../header.ts';
import type { Setup } from '../setup.ts';
import type { Stage } from '../stage.ts';

const STRANGER = '127.0.0.66';
const TAKES = { proxyFrom: ['127.0.0.1'] } satisfies Setup;
const COMPLETED = { chargehand: 'completed client --', haproxy: '--', nginx: '200' };

/** Whom a line of the log may tell of: the headers' client, and what is made of the addresses that are none. */
const NAMES = [NAMED, NAMED_6, '192.0.3.44:40000', '192.0.2.7:4464'];

/** What a client sees who has said "hello" behind a header, what the node heard, and whom the log then tells of. */
async function answered(stage: Stage, client: End): Promise<Seen> {
  stage.mayBeLoggedAs(NAMES);
  const { visits } = stage.node();
  await until(() => visits.length > 0 || client.saw !== 'nothing', 'a session on the node, or an end');
  if (visits.length === 0) return { client: await client.whole(), node: '0 sessions' };
  const visit = await stage.node().visit();
  await visit.hears('hello');
  visit.say('welcome');
  await client.hears('welcome');
  await stage.finish({ client, visit });
  const name = await stage.whoIsTold([client.name, ...NAMES]);
  return {
    client: '"welcome"',
    node: JSON.stringify(visit.text),
    'taken for': name === client.name ? 'the peer' : name,
  };
}

const behind = (header: string | Buffer) => async (stage: Stage) => {
  const client = await stage.client();
  return await answered(stage, client.say(Buffer.concat([Buffer.from(header), Buffer.from('hello')])));
};

const inTwoParts = (header: string | Buffer) => async (stage: Stage) => {
  const bytes = Buffer.from(header);
  const client = await stage.client();
  client.say(bytes.subarray(0, 20));
  await stage.turn();
  if (client.saw === 'nothing') client.say(Buffer.concat([bytes.subarray(20), Buffer.from('hello')]));
  return await answered(stage, client);
};

const served = (who: string) => ({ client: '"welcome"', node: '"hello"', 'taken for': who });
const RESET = { client: 'RST', node: '0 sessions' };
const BAD_HEADER = { chargehand: 'bad-proxy-header proxy PR', haproxy: 'PR <NOSRV>', nginx: 'none' };
const FIN = { client: 'FIN', node: '0 sessions' };

const IN_ONE_PIECE = 'it looks at what has come once, and a part of a header is none';
const OF_EVERYBODY = 'a listener takes the header of everybody, and believes those that it trusts';

function taken(title: string, header: string | Buffer, who: string, differs: Case['differs'] = {}): Case {
  const log = { ...COMPLETED, nginx: differs.nginx === undefined ? '200' : 'none' };
  return { title, setup: TAKES, play: behind(header), seen: served(who), differs, log };
}

/** Who differs takes it. */
function refused(title: string, header: string | Buffer, differs: Case['differs'] = {}): Case {
  const log = {
    ...BAD_HEADER,
    ...(differs.haproxy && { haproxy: '--' }),
    ...(differs.nginx && { nginx: '200' }),
  };
  return { title, setup: TAKES, play: behind(header), seen: RESET, differs, log };
}

export const proxyReceived: Theme = {
  title: 'PROXY headers received',
  cases: [
    taken('a header of version 1 names the client', V1, NAMED),
    taken('a header of version 2 names the client', V2, NAMED),
    taken('a header of version 1 with IPv6 addresses', V1_6, NAMED_6),
    taken('a header of version 2 with IPv6 addresses', V2_6, NAMED_6),
    taken('UNKNOWN: the peer speaks for itself', V1_UNKNOWN, 'the peer'),
    taken('LOCAL: the peer speaks for itself', V2_LOCAL, 'the peer'),
    taken('version 2 with a value of 300 bytes of a type that nobody knows', V2_VALUES, NAMED, {
      nginx: { seen: RESET, why: 'this version reads no header of more than 107 bytes' },
    }),
    {
      title: 'nothing follows the header: the node speaks first',
      setup: TAKES,
      async play(stage) {
        stage.node().serve = (visit) => void visit.say('220 ready');
        const client = await stage.client();
        stage.mayBeLoggedAs(NAMES);
        client.say(V1);
        await client.hears('220 ready');
        client.say('hello');
        const visit = await stage.node().visit();
        await visit.hears('hello');
        await stage.finish({ client, visit });
        return { client: JSON.stringify(client.text), node: JSON.stringify(visit.text) };
      },
      seen: { client: '"220 ready"', node: '"hello"' },
      log: COMPLETED,
    },
    ...[
      { title: 'a header of version 1 in two parts', header: V1 },
      { title: 'a header of version 2 in two parts', header: V2 },
    ].map(({ title, header }) => ({
      title,
      setup: TAKES,
      play: inTwoParts(header),
      seen: served(NAMED),
      differs: { haproxy: { seen: RESET, why: IN_ONE_PIECE }, nginx: { seen: RESET, why: IN_ONE_PIECE } },
      log: { chargehand: 'completed client --', haproxy: 'PR <NOSRV>', nginx: 'none' },
    })),
    refused('no header, but a request', 'GET / HTTP/1.0\r\n\r\n'),
    refused('version 1 with an address that is none', 'PROXY TCP4 192.0.2.300 198.51.100.1 40000 443\r\n', {
      haproxy: { seen: served('192.0.3.44:40000'), why: 'what is over 255 it adds to the number before' },
      nginx: { seen: served('the peer'), why: 'it does not look at the address, and does not believe it' },
    }),
    refused('version 1 with a port that is none', 'PROXY TCP4 192.0.2.7 198.51.100.1 70000 443\r\n', {
      haproxy: { seen: served('192.0.2.7:4464'), why: 'it takes a port over 65535 modulo 65536' },
    }),
    refused('version 1 with IPv6 addresses where it says TCP4', V1_6.replace('TCP6', 'TCP4'), {
      nginx: { seen: served(NAMED_6), why: 'it reads the addresses and not the word before them' },
    }),
    refused('version 1 without an end within its 107 bytes', `PROXY TCP4 ${'1'.repeat(200)}`),
    refused('version 1 in small letters', V1.toLowerCase()),
    refused('version 2 that says it is version 3', V2_VERSION_3),
    refused('version 2 that is too short for its addresses', V2_SHORT),
    refused('version 2 with a value that is longer than the header', V2_VALUE_CUT, {
      nginx: { seen: served(NAMED), why: 'it does not read the values' },
    }),
    {
      title: 'a header that does not come in time',
      setup: { ...TAKES, headerMs: 500 },
      async play(stage) {
        return await answered(stage, await stage.client());
      },
      seen: RESET,
      differs: {
        haproxy: { seen: FIN, why: 'it closes, which a client that has said nothing sees as a FIN' },
        nginx: { seen: FIN, why: 'it closes, which a client that has said nothing sees as a FIN' },
      },
      log: BAD_HEADER,
    },
    {
      title: 'half a header, and no more in time',
      setup: { ...TAKES, headerMs: 500 },
      async play(stage) {
        return await answered(stage, (await stage.client()).say(V1.slice(0, 20)));
      },
      seen: RESET,
      log: BAD_HEADER,
    },
    {
      title: 'the client closes before it has sent a header',
      setup: TAKES,
      async play(stage) {
        return await answered(stage, (await stage.client()).fin());
      },
      seen: FIN,
      log: { ...BAD_HEADER, chargehand: 'client-left client CR' },
    },
    {
      title: 'a header from a peer that may not send one',
      setup: TAKES,
      async play(stage) {
        const client = await stage.client({ from: STRANGER });
        return await answered(stage, client.say(`${V1}hello`));
      },
      seen: RESET,
      differs: {
        haproxy: {
          seen: { client: '"welcome"', node: JSON.stringify(`${V1}hello`), 'taken for': 'the peer' },
          why: 'it is nothing but bytes then, and the node is told who the client is by the client',
        },
        nginx: { seen: served('the peer'), why: OF_EVERYBODY },
      },
      log: { chargehand: 'bad-proxy-header proxy PR', haproxy: '--', nginx: '200' },
    },
    {
      title: 'no header from a peer that may not send one',
      setup: TAKES,
      async play(stage) {
        const client = await stage.client({ from: STRANGER });
        return await answered(stage, client.say('hello'));
      },
      seen: served('the peer'),
      differs: { nginx: { seen: RESET, why: OF_EVERYBODY } },
      log: { ...COMPLETED, nginx: 'none' },
    },
    {
      title: 'a header where none is asked for',
      setup: {},
      play: behind(V1),
      seen: { client: '"welcome"', node: JSON.stringify(`${V1}hello`), 'taken for': 'the peer' },
      log: COMPLETED,
    },
    {
      title: 'the client that the header names is denied',
      setup: { ...TAKES, deny: ['192.0.2.0/24'] },
      play: behind(V1),
      seen: RESET,
      log: { chargehand: 'denied proxy PC', haproxy: 'PR <NOSRV>', nginx: '403' },
    },
    {
      title: 'the peer is denied, the client that its header names is not',
      setup: { ...TAKES, deny: ['127.0.0.1'] },
      play: behind(V1),
      seen: served(NAMED),
      log: COMPLETED,
    },
    {
      title: 'source: forty clients behind one peer, each twice',
      setup: { ...TAKES, nodes: { a: {}, b: {}, c: {} }, balance: 'source' },
      async play(stage) {
        stage.nodesTellNames();
        const names: string[] = [];
        let moved = 0;
        for (let i = 0; i < 40; i++) {
          const header = `PROXY TCP4 192.0.2.${i + 10} 198.51.100.1 40000 443\r\n`;
          const first = await stage.ask({ says: header });
          if (first !== (await stage.ask({ says: header }))) moved++;
          names.push(first);
        }
        stage.mayBeLoggedAs(['192.0.2.10:40000']);
        return { 'nodes in use': [...new Set(names)].toSorted().join(' '), 'clients that changed node': String(moved) };
      },
      seen: { 'nodes in use': 'a b c', 'clients that changed node': '0' },
      log: COMPLETED,
    },
  ],
};
