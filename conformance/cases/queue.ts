// A node has all the sessions it may have.

import { until } from '../../test/fixtures/until.ts';
import type { Theme } from '../case.ts';
import type { End } from '../end.ts';

const NO_QUEUE = 'it has no queue: what has no place is closed';

export const queue: Theme = {
  title: 'Full nodes and the queue',
  cases: [
    {
      title: 'a second client for a node that may have one session, then the first leaves',
      setup: { maxPerNode: 1 },
      async play(stage) {
        const { client, visit } = await stage.session();
        const second = await stage.client({ logged: true });
        await stage.turn();
        const before = `${stage.node().visits.length - 1} more sessions, the client ${second.state}`;
        await stage.finish({ client, visit });
        if (second.state !== 'open') return { before, after: second.state };
        second.say('me too');
        const next = await stage.node().visit(1);
        await next.hears('me too');
        next.say('served').fin();
        return { before, after: await second.whole() };
      },
      seen: { before: '0 more sessions, the client open', after: '"served", then FIN' },
      differs: {
        nginx: { seen: { before: '0 more sessions, the client FIN', after: 'FIN' }, why: NO_QUEUE },
      },
      log: { chargehand: 'completed backend --', haproxy: '--', nginx: '502' },
    },
    {
      title: 'a client that waits longer than the queue allows',
      setup: { maxPerNode: 1, queueMs: 500 },
      async play(stage) {
        await stage.session();
        const lasted = stage.watch();
        const second = await stage.client({ logged: true });
        return {
          second: await second.whole(),
          node: `${stage.node().visits.length} session`,
          lasted: lasted(500),
        };
      },
      seen: { second: 'FIN', node: '1 session', lasted: '0.5 s or more' },
      cannot: ['nginx'],
      log: { chargehand: 'queue-timeout proxy sQ', haproxy: 'sQ <NOSRV>' },
    },
    {
      title: 'a client that resets while it waits',
      setup: { maxPerNode: 1, queue: 10 },
      async play(stage) {
        const { client, visit } = await stage.session();
        const second = await stage.client({ logged: true });
        await stage.turn();
        second.reset();
        await stage.toldInLog(second);
        const third = await stage.client();
        third.say('third');
        await stage.turn();
        await stage.finish({ client, visit });
        const next = await stage.node().visit(1);
        await next.hears('third');
        return { 'the next session is that of': 'the third', node: `${stage.node().visits.length} sessions` };
      },
      seen: { 'the next session is that of': 'the third', node: '2 sessions' },
      cannot: ['nginx'],
      log: { chargehand: 'client-left client CQ', haproxy: 'CD <NOSRV>' },
    },
    {
      title: 'three clients wait, and places come free one by one',
      setup: { maxPerNode: 1, queue: 10 },
      async play(stage) {
        const { client, visit } = await stage.session();
        const names = ['second', 'third', 'fourth'];
        const waiting = new Map<string, End>();
        for (const name of names) {
          waiting.set(name, (await stage.client()).say(name));
          await stage.turn();
        }
        await stage.finish({ client, visit });
        const order: string[] = [];
        for (let i = 1; i <= names.length; i++) {
          const next = await stage.node().visit(i);
          await until(() => waiting.has(next.text), 'a name');
          order.push(next.text);
          next.fin();
          waiting.get(next.text)?.fin();
        }
        return { order: order.join(' ') };
      },
      seen: { order: 'second third fourth' },
      cannot: ['nginx'],
      log: { chargehand: 'completed client --', haproxy: '--' },
    },
    {
      title: 'one client more than the queue holds',
      setup: { maxPerNode: 1, queue: 1 },
      async play(stage) {
        const { client, visit } = await stage.session();
        const second = await stage.client();
        await stage.turn();
        const third = await stage.client({ logged: true });
        await stage.turn();
        await stage.finish({ client, visit });
        const next = await stage.node().visit(1);
        await stage.finish({ client: second, visit: next });
        await until(() => third.saw !== 'nothing' || stage.node().visits.length > 2, 'the third is served, or ended');
        if (third.saw !== 'nothing') return { third: third.state };
        await stage.finish({ client: third, visit: await stage.node().visit(2) });
        return { third: 'waits, and is served' };
      },
      seen: { third: 'RST' },
      differs: {
        haproxy: {
          seen: { third: 'waits, and is served' },
          why: '`maxqueue` bounds the queue of a server; who does not fit waits in that of the backend',
        },
      },
      cannot: ['nginx'],
      log: { chargehand: 'refused proxy RC', haproxy: '--' },
    },
    {
      title: 'roundrobin, one node is full, the other is not',
      setup: { nodes: { a: {}, b: {} }, maxPerNode: 1 },
      async play(stage) {
        stage.nodesTellNames();
        const first = await stage.held();
        const second = await stage.held();
        second.client.fin();
        await second.client.ended();
        return {
          'first and second': `${first.node} ${second.node}`,
          third: await stage.ask(),
          fourth: await stage.ask(),
        };
      },
      seen: { 'first and second': 'a b', third: 'b', fourth: 'b' },
      log: { chargehand: 'completed client --', haproxy: '--', nginx: '200' },
    },
    {
      title: 'leastconn by weight 3 and 1, two sessions a node: the heavy one is full',
      setup: { nodes: { a: { weight: 3 }, b: {} }, balance: 'leastconn', maxPerNode: 2 },
      async play(stage) {
        stage.nodesTellNames();
        const first = [await stage.held(), await stage.held(), await stage.held()];
        const three = first.map(({ node }) => node).sort();
        return { 'the first three': three.join(' '), fourth: await stage.ask() };
      },
      seen: { 'the first three': 'a a b', fourth: 'b' },
      log: { chargehand: 'completed client --', haproxy: '--', nginx: '200' },
    },
    {
      title: 'the only node is full, a backup is not',
      setup: { nodes: { a: {}, b: { backup: true } }, maxPerNode: 1 },
      async play(stage) {
        stage.nodesTellNames();
        const first = await stage.held();
        const second = await stage.client({ logged: true });
        await stage.turn();
        const before = second.length > 0 ? 'served' : 'waits';
        first.client.fin();
        await first.client.ended();
        await second.hears('\n');
        second.fin();
        await second.ended();
        return { second: before, 'served by': second.text.trim() };
      },
      seen: { second: 'waits', 'served by': 'a' },
      differs: {
        nginx: { seen: { second: 'served', 'served by': 'b' }, why: 'to it a full node is one that is down' },
      },
      log: { chargehand: 'completed client --', haproxy: '--', nginx: '200' },
    },
    {
      title: 'source, the client’s own node is full, another is not',
      setup: { nodes: { a: {}, b: {} }, balance: 'source', maxPerNode: 1 },
      async play(stage) {
        stage.nodesTellNames();
        const first = await stage.held();
        const own = stage.node(first.node);
        const second = await stage.client({ logged: true });
        await stage.turn();
        const before = second.length > 0 ? 'served' : 'waits';
        first.client.fin();
        await first.client.ended();
        await second.hears('\n');
        second.fin();
        await second.ended();
        return { second: before, 'served by': second.text.trim() === own.name ? 'its own node' : 'another node' };
      },
      seen: { second: 'waits', 'served by': 'its own node' },
      differs: {
        nginx: {
          seen: { second: 'served', 'served by': 'another node' },
          why: 'a full node is passed over, also with `hash`',
        },
      },
      log: { chargehand: 'completed client --', haproxy: '--', nginx: '200' },
    },
  ],
};
