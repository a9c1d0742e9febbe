// A node can't be reached: who serves the client then, and how a client is ended whom nobody serves.

import type { Theme } from '../case.ts';
import type { Stage } from '../stage.ts';

const ask = async (stage: Stage) => {
  stage.nodesTellNames();
  return { client: await stage.ask() };
};

const NO_OTHER = 'without `option redispatch` it dials the same server again, three times, a second apart';

export const refusals: Theme = {
  title: 'Nodes that cannot be reached',
  cases: [
    {
      title: 'the only node refuses',
      setup: { nodes: { a: { kind: 'refusing' } } },
      play: ask,
      seen: { client: 'FIN' },
      log: { chargehand: 'dial-failed backend SC retries=2', haproxy: 'SC retries=3', nginx: '502' },
    },
    {
      title: 'the first of two nodes refuses',
      setup: { nodes: { a: { kind: 'refusing' }, b: {} } },
      play: ask,
      seen: { client: 'b' },
      differs: { haproxy: { seen: { client: 'FIN' }, why: NO_OTHER } },
      log: { chargehand: 'completed client -- retries=1', haproxy: 'SC retries=3', nginx: '200 retries=1' },
    },
    {
      title: 'the first of two nodes refuses, the next one asked for',
      setup: { nodes: { a: { kind: 'refusing' }, b: {} }, failover: 'next-node' },
      play: ask,
      seen: { client: 'b' },
      log: { chargehand: 'completed client -- retries=1', haproxy: '-- retries=+1', nginx: '200 retries=1' },
    },
    {
      title: 'both nodes refuse, the next one asked for',
      setup: { nodes: { a: { kind: 'refusing' }, b: { kind: 'refusing' } }, failover: 'next-node' },
      play: ask,
      seen: { client: 'FIN' },
      log: { chargehand: 'dial-failed backend SC retries=1', haproxy: 'SC retries=+3', nginx: '502 retries=1' },
    },
    {
      title: 'the first of two nodes refuses, one try allowed',
      setup: { nodes: { a: { kind: 'refusing' }, b: {} }, failover: 'next-node', tries: 1 },
      play: ask,
      seen: { client: 'FIN' },
      log: { chargehand: 'dial-failed backend SC', haproxy: 'SC', nginx: '502' },
    },
    {
      title: 'two of three nodes refuse, two tries allowed',
      setup: {
        nodes: { a: { kind: 'refusing' }, b: { kind: 'refusing' }, c: {} },
        failover: 'next-node',
        tries: 2,
      },
      play: ask,
      seen: { client: 'FIN' },
      log: { chargehand: 'dial-failed backend SC retries=1', haproxy: 'SC retries=+1', nginx: '502 retries=1' },
    },
    {
      title: 'two of three nodes refuse, three tries allowed',
      setup: {
        nodes: { a: { kind: 'refusing' }, b: { kind: 'refusing' }, c: {} },
        failover: 'next-node',
        tries: 3,
      },
      play: ask,
      seen: { client: 'c' },
      log: { chargehand: 'completed client -- retries=2', haproxy: '-- retries=+2', nginx: '200 retries=2' },
    },
    {
      title: 'what the client said before it was known which node takes it',
      setup: { nodes: { a: { kind: 'refusing' }, b: {} }, failover: 'next-node' },
      async play(stage) {
        const client = await stage.client();
        client.say('said early').fin();
        const visit = await stage.node('b').visit();
        const node = await visit.whole();
        visit.fin();
        return { node, client: await client.whole() };
      },
      seen: { node: '"said early", then FIN', client: 'FIN' },
      log: { chargehand: 'completed client -- retries=1', haproxy: '-- retries=+1', nginx: '200 retries=1' },
    },
    {
      title: 'the first of two nodes answers no connect, the next one asked for',
      setup: { nodes: { a: { kind: 'silent' }, b: {} }, failover: 'next-node', connectMs: 500 },
      async play(stage) {
        const lasted = stage.watch();
        return { ...(await ask(stage)), lasted: lasted(500) };
      },
      seen: { client: 'b', lasted: '0.5 s or more' },
      log: { chargehand: 'completed client -- retries=1', haproxy: '-- retries=+1', nginx: '200 retries=1' },
    },
    {
      title: 'the only node answers no connect',
      setup: { nodes: { a: { kind: 'silent' } }, connectMs: 300 },
      async play(stage) {
        const lasted = stage.watch();
        return { ...(await ask(stage)), lasted: lasted(300) };
      },
      seen: { client: 'FIN', lasted: '0.3 s or more' },
      log: { chargehand: 'dial-timeout backend sC retries=2', haproxy: 'sC retries=3', nginx: '502' },
    },
    {
      title: 'a backup is used while the others refuse, and not before',
      setup: { nodes: { a: {}, b: { backup: true } }, failover: 'next-node' },
      async play(stage) {
        stage.nodesTellNames();
        const before = await stage.ask();
        stage.node('a').refuse();
        return { 'both listen': before, 'the first refuses': await stage.ask({ logged: true }) };
      },
      seen: { 'both listen': 'a', 'the first refuses': 'b' },
      differs: {
        haproxy: {
          seen: { 'both listen': 'a', 'the first refuses': 'FIN' },
          why: 'a backup comes in when checks have found the others down; a failed dial does not lead to it',
        },
      },
      log: { chargehand: 'completed client -- retries=1', haproxy: 'SC retries=3', nginx: '200 retries=1' },
    },
  ],
};
