// What a node knows of a client: the address that it is dialled from, and PROXY headers.

import type { Seen, Theme } from '../case.ts';
import type { End } from '../end.ts';
import { NAMED, NAMED_6, toldInHeader, V1, V1_UNKNOWN, V2, V2_6 } from '../header.ts';
import type { Setup } from '../setup.ts';
import type { Stage } from '../stage.ts';

const TAKES = { proxyFrom: ['127.0.0.1'] } satisfies Setup;
const COMPLETED = { chargehand: 'completed client --', haproxy: '--', nginx: '200' };
const OWN_PLACE = 'where the client went to it does not pass on: it writes its own address';

/** What the first session on this node was told, with the names of its parties for their addresses. */
async function told(stage: Stage, client: End, node = 'a'): Promise<Seen> {
  stage.mayBeLoggedAs([NAMED, NAMED_6]);
  const visit = await stage.node(node).visit();
  await visit.hears('hello');
  const { host, port } = stage.service.listen;
  const words = toldInHeader(visit.bytes)
    .replace(client.name || 'nobody', 'the client')
    .replace(`${host}:${port}`, 'the listener');
  visit.say('welcome');
  await client.hears('welcome');
  await stage.finish({ client, visit });
  return { node: words };
}

/** What the node is told of a client that says this. */
const tells = (says: string | Buffer) => async (stage: Stage) => {
  const client = await stage.client();
  client.say(Buffer.concat([Buffer.from(says), Buffer.from('hello')]));
  return await told(stage, client);
};

export const proxySent: Theme = {
  title: 'What a node knows of the client',
  cases: [
    {
      title: 'nodes are dialled from an address that was asked for',
      setup: { sourceAddress: '127.0.0.77' },
      async play(stage) {
        const session = await stage.session();
        await stage.finish(session);
        return { node: `sees ${session.visit.name.replace(/:\d+$/, '')}` };
      },
      seen: { node: 'sees 127.0.0.77' },
      log: COMPLETED,
    },
    {
      title: 'the node is told who the client is, by version 1',
      setup: { proxyTo: 'v1' },
      play: tells(''),
      seen: { node: 'v1, TCP4 from the client to the listener, then "hello"' },
      log: COMPLETED,
    },
    {
      title: 'the node is told who the client is, by version 2',
      setup: { proxyTo: 'v2' },
      play: tells(''),
      seen: { node: 'v2, TCP4 from the client to the listener, then "hello"' },
      cannot: ['nginx'],
      log: { chargehand: 'completed client --', haproxy: '--' },
    },
    {
      title: 'the header comes before the client has said a word',
      setup: { proxyTo: 'v1' },
      async play(stage) {
        const client = await stage.client();
        const visit = await stage.node().visit();
        await visit.hears('\r\n');
        const heard = toldInHeader(visit.bytes).replace(/ from .* to [^,]*/, '');
        await stage.finish({ client, visit });
        return { node: heard };
      },
      seen: { node: 'v1, TCP4, then ""' },
      log: COMPLETED,
    },
    {
      title: 'the first of two nodes refuses, and the next one is told',
      setup: { proxyTo: 'v1', nodes: { a: { kind: 'refusing' }, b: {} }, failover: 'next-node' },
      async play(stage) {
        const client = await stage.client();
        return await told(stage, client.say('hello'), 'b');
      },
      seen: { node: 'v1, TCP4 from the client to the listener, then "hello"' },
      log: { chargehand: 'completed client -- retries=1', haproxy: '-- retries=+1', nginx: '200 retries=1' },
    },
    {
      title: 'version 2 comes, version 1 is sent',
      setup: { ...TAKES, proxyTo: 'v1' },
      play: tells(V2),
      seen: { node: `v1, TCP4 from ${NAMED} to 198.51.100.1:443, then "hello"` },
      differs: { nginx: { seen: { node: `v1, TCP4 from ${NAMED} to the listener, then "hello"` }, why: OWN_PLACE } },
      log: COMPLETED,
    },
    {
      title: 'version 1 comes, version 2 is sent',
      setup: { ...TAKES, proxyTo: 'v2' },
      play: tells(V1),
      seen: { node: `v2, TCP4 from ${NAMED} to 198.51.100.1:443, then "hello"` },
      cannot: ['nginx'],
      log: { chargehand: 'completed client --', haproxy: '--' },
    },
    {
      title: 'version 2 with IPv6 addresses comes at an IPv4 listener, version 1 is sent',
      setup: { ...TAKES, proxyTo: 'v1' },
      play: tells(V2_6),
      seen: { node: `v1, TCP6 from ${NAMED_6} to [2001:db8::1]:443, then "hello"` },
      differs: {
        nginx: {
          seen: { node: `v1, TCP6 from ${NAMED_6} to the listener, then "hello"` },
          why: `${OWN_PLACE}, here an IPv4 address in a line of TCP6, which is malformed`,
        },
      },
      log: COMPLETED,
    },
    {
      title: 'UNKNOWN comes, version 1 is sent',
      setup: { ...TAKES, proxyTo: 'v1' },
      play: tells(V1_UNKNOWN),
      seen: { node: 'v1, TCP4 from the client to the listener, then "hello"' },
      log: COMPLETED,
    },
    {
      title: 'UNKNOWN comes, version 2 is sent',
      setup: { ...TAKES, proxyTo: 'v2' },
      play: tells(V1_UNKNOWN),
      seen: { node: 'v2, TCP4 from the client to the listener, then "hello"' },
      cannot: ['nginx'],
      log: { chargehand: 'completed client --', haproxy: '--' },
    },
    {
      title: 'a client on a Unix socket, version 1 is sent',
      setup: { unix: true, proxyTo: 'v1' },
      play: tells(''),
      seen: { node: 'v1, UNKNOWN, then "hello"' },
      log: COMPLETED,
    },
    {
      title: 'a client on a Unix socket, version 2 is sent',
      setup: { unix: true, proxyTo: 'v2' },
      play: tells(''),
      seen: { node: 'v2, LOCAL, then "hello"' },
      cannot: ['nginx'],
      log: { chargehand: 'completed client --', haproxy: '--' },
    },
  ],
};
