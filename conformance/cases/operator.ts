// An operator takes a node out, and in again, while clients are there.

import type { Seen, Theme } from '../case.ts';
import type { Stage } from '../stage.ts';

const TWO = { a: {}, b: {} };

const takenOut =
  (word: 'drain' | 'maint') =>
  async (stage: Stage): Promise<Seen> => {
    const session = await stage.session('a');
    await stage.running.operate(stage.service, 'a', word);
    stage.nodesTellNames();
    const next = (await stage.asks(3)).join(' ');
    session.client.say('still there');
    await session.visit.hears('still there');
    const state = session.client.state;
    await stage.finish(session);
    return { 'new clients': next, 'the session': state };
  };

const TAKEN_OUT = { 'new clients': 'b b b', 'the session': 'open' };

export const operator: Theme = {
  title: 'Drain and maintenance',
  cases: [
    {
      title: 'a node is drained: new clients, and a session that runs on it',
      setup: { nodes: TWO, operator: true },
      play: takenOut('drain'),
      seen: TAKEN_OUT,
      cannot: ['nginx'],
      log: { chargehand: 'completed client --', haproxy: '--' },
    },
    {
      title: 'a node is in maintenance: new clients, and a session that runs on it',
      setup: { nodes: TWO, operator: true },
      play: takenOut('maint'),
      seen: TAKEN_OUT,
      cannot: ['nginx'],
      log: { chargehand: 'completed client --', haproxy: '--' },
    },
    {
      title: 'the only node is drained',
      setup: { operator: true },
      async play(stage) {
        stage.nodesTellNames();
        await stage.running.operate(stage.service, 'a', 'drain');
        return { client: await stage.ask() };
      },
      seen: { client: 'FIN' },
      cannot: ['nginx'],
      log: { chargehand: 'no-backend proxy SC', haproxy: 'SC <NOSRV>' },
    },
    {
      title: 'source: the client’s node is drained, then ready again',
      setup: { nodes: TWO, balance: 'source', operator: true },
      async play(stage) {
        stage.nodesTellNames();
        const own = await stage.ask();
        await stage.running.operate(stage.service, own, 'drain');
        const during = await stage.ask();
        await stage.running.operate(stage.service, own, 'ready');
        const after = await stage.ask();
        const name = (node: string) => (node === own ? 'its own node' : 'the other node');
        return { during: name(during), after: name(after) };
      },
      seen: { during: 'the other node', after: 'its own node' },
      cannot: ['nginx'],
      log: { chargehand: 'completed client --', haproxy: '--' },
    },
    {
      title: 'the sessions of a node are ended by the operator',
      setup: { nodes: TWO, operator: true },
      async play(stage) {
        const { client, visit } = await stage.session('a');
        await stage.running.operate(stage.service, 'a', 'end-sessions');
        return { client: await client.ended(), node: await visit.ended() };
      },
      seen: { client: 'FIN', node: 'FIN' },
      cannot: ['nginx'],
      log: { chargehand: 'drained proxy K-', haproxy: 'K-' },
    },
  ],
};
