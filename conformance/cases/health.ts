// Health checks find a node ill, or well again. The check has a port of its own, so that an ill node can still serve.

import type { Theme } from '../case.ts';
import type { Stage } from '../stage.ts';

const TWO = { a: {}, b: {} };

/** Waits until the product has told that the first node is down. */
async function firstGoesDown(stage: Stage): Promise<void> {
  stage.node('a').fallIll();
  await stage.running.health(stage.service, 'a', 'down');
}

export const health: Theme = {
  title: 'Health checks',
  cases: [
    {
      title: 'one of two nodes is found ill: new clients',
      setup: { nodes: TWO, check: true },
      async play(stage) {
        stage.nodesTellNames();
        const before = (await stage.asks(2)).join(' ');
        await firstGoesDown(stage);
        return { before, after: (await stage.asks(4)).join(' ') };
      },
      seen: { before: 'a b', after: 'b b b b' },
      cannot: ['nginx'],
      log: { chargehand: 'completed client --', haproxy: '--' },
    },
    {
      title: 'one of two nodes is found ill: a session that runs on it',
      setup: { nodes: TWO, check: true },
      async play(stage) {
        const session = await stage.session('a');
        await firstGoesDown(stage);
        session.client.say('still there');
        await session.visit.hears('still there');
        const states = { client: session.client.state, node: session.visit.state };
        await stage.finish(session);
        return states;
      },
      seen: { client: 'open', node: 'open' },
      cannot: ['nginx'],
      log: { chargehand: 'completed client --', haproxy: '--' },
    },
    {
      title: 'the same, sessions of a node that is down are to be ended',
      setup: { nodes: TWO, check: true, onDown: 'close' },
      async play(stage) {
        const { client, visit } = await stage.session('a');
        await firstGoesDown(stage);
        return { client: await client.ended(), node: await visit.ended() };
      },
      seen: { client: 'RST', node: 'RST' },
      differs: {
        haproxy: {
          seen: { client: 'FIN', node: 'FIN' },
          why: 'it closes; a client can take that for the end of an answer',
        },
      },
      cannot: ['nginx'],
      log: { chargehand: 'backend-down proxy D-', haproxy: 'D-' },
    },
    {
      title: 'all nodes are found ill, though they serve',
      setup: { check: true },
      async play(stage) {
        stage.nodesTellNames();
        await firstGoesDown(stage);
        return { client: await stage.ask() };
      },
      seen: { client: 'a' },
      differs: {
        haproxy: {
          seen: { client: 'FIN' },
          why: 'chargehand fails open: when all fail at once the check is the likelier culprit',
        },
      },
      cannot: ['nginx'],
      log: { chargehand: 'completed client --', haproxy: 'SC <NOSRV>' },
    },
    {
      title: 'all nodes are found ill, and none is to be used then',
      setup: { check: true, allDown: 'refuse' },
      async play(stage) {
        stage.nodesTellNames();
        await firstGoesDown(stage);
        return { client: await stage.ask(), node: `${stage.node().visits.length} sessions` };
      },
      seen: { client: 'FIN', node: '0 sessions' },
      cannot: ['nginx'],
      log: { chargehand: 'no-backend proxy SC', haproxy: 'SC <NOSRV>' },
    },
    {
      title: 'a node is well again',
      setup: { nodes: TWO, check: true },
      async play(stage) {
        stage.nodesTellNames();
        await firstGoesDown(stage);
        const during = await stage.asks(2);
        await stage.node('a').recover();
        await stage.running.health(stage.service, 'a', 'up');
        return { during: during.join(' '), after: (await stage.asks(4)).toSorted().join(' ') };
      },
      seen: { during: 'b b', after: 'a a b b' },
      cannot: ['nginx'],
      log: { chargehand: 'completed client --', haproxy: '--' },
    },
    {
      title: 'a check that succeeds, as the program on the node sees it',
      setup: { nodes: { a: {}, b: {}, c: {} }, check: true },
      async play(stage) {
        let unseen = false;
        // Another one where it was seen: a product that resets before the node can accept may have come too late to that.
        for (const node of stage.nodes) {
          if (unseen) break;
          node.fallIll();
          await stage.running.health(stage.service, node.name, 'down');
          const before = node.checksAccepted;
          await node.recover();
          await stage.running.health(stage.service, node.name, 'up');
          await stage.turn();
          unseen = node.checksAccepted === before;
        }
        return { node: unseen ? 'accepts nothing' : 'accepts a connection' };
      },
      seen: { node: 'accepts a connection' },
      differs: {
        haproxy: {
          seen: { node: 'accepts nothing' },
          why: 'it resets before the handshake is over, for which Node has no means; see `health` for what asks a question',
        },
      },
      cannot: ['nginx'],
      log: { chargehand: 'none', haproxy: 'none' },
    },
    {
      title: 'a backup serves while the other is down; its sessions stay when that returns',
      setup: { nodes: { a: {}, b: { backup: true } }, check: true },
      async play(stage) {
        stage.nodesTellNames();
        await firstGoesDown(stage);
        const { client, node } = await stage.held();
        await stage.node('a').recover();
        await stage.running.health(stage.service, 'a', 'up');
        const next = await stage.ask();
        const visit = await stage.node('b').visit();
        client.say('still there');
        await visit.hears('still there');
        client.fin();
        await client.ended();
        return { during: node, 'new clients': next, 'the session on the backup': 'goes on' };
      },
      seen: { during: 'b', 'new clients': 'a', 'the session on the backup': 'goes on' },
      cannot: ['nginx'],
      log: { chargehand: 'completed client --', haproxy: '--' },
    },
    {
      title: 'source: a node is down, then back; who moved, of forty clients',
      setup: { nodes: { a: {}, b: {}, c: {} }, balance: 'source', check: true },
      async play(stage) {
        stage.nodesTellNames();
        const clients = Array.from({ length: 40 }, (_, i) => `127.0.0.${i + 10}`);
        const where = async () =>
          new Map(await Promise.all(clients.map(async (from) => [from, await stage.ask({ from })] as const)));
        const before = await where();
        await firstGoesDown(stage);
        const during = await where();
        await stage.node('a').recover();
        await stage.running.health(stage.service, 'a', 'up');
        const after = await where();
        const needless = clients.filter((from) => before.get(from) !== 'a' && before.get(from) !== during.get(from));
        const stayed = clients.filter((from) => during.get(from) === 'a');
        const lost = clients.filter((from) => before.get(from) !== after.get(from));
        return {
          'moved needlessly': String(needless.length),
          'still on the node that is down': String(stayed.length),
          'not back on their node': String(lost.length),
        };
      },
      seen: { 'moved needlessly': '0', 'still on the node that is down': '0', 'not back on their node': '0' },
      cannot: ['nginx'],
      log: { chargehand: 'completed client --', haproxy: '--' },
    },
  ],
};
