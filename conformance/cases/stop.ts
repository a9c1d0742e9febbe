// The process is asked to stop, or to take a changed configuration.

import { connect } from 'node:net';
import { until } from '../../test/fixtures/until.ts';
import type { Theme } from '../case.ts';
import type { Stage } from '../stage.ts';

/** Whether new clients are refused from now on, once they are. */
async function refusesClients(stage: Stage): Promise<'refused'> {
  const { host, port } = stage.service.listen;
  // Who still comes in is to be gone again at once.
  stage.node().serve = (visit) => void visit.socket.once('end', () => visit.fin());
  let refused = false;
  const knock = () => {
    const socket = connect({ host, port });
    socket.once('connect', () => socket.destroy());
    socket.once('error', () => {
      refused = true;
    });
    socket.once('close', () => refused || setTimeout(knock, 20));
  };
  knock();
  await until(() => refused, 'a client is refused');
  return 'refused';
}

export const stop: Theme = {
  title: 'Stop',
  cases: [
    {
      title: 'stop with a session that runs: it goes on, new clients are refused, the process ends with it',
      setup: {},
      alone: true,
      async play(stage) {
        const session = await stage.session();
        stage.running.stop();
        const next = await refusesClients(stage);
        session.client.say('still there');
        await session.visit.hears('still there');
        session.visit.say('indeed').fin();
        const client = await session.client.whole();
        session.client.fin();
        return { 'new clients': next, client, 'the process': await stage.running.exited };
      },
      seen: { 'new clients': 'refused', client: '"welcomeindeed", then FIN', 'the process': 'exit 0' },
      log: { chargehand: 'completed backend --', haproxy: '--', nginx: '200' },
    },
    {
      title: 'stop with a session that does not end in time',
      setup: { stopWithinMs: 1000 },
      alone: true,
      async play(stage) {
        const { client, visit } = await stage.session();
        stage.running.stop();
        return { client: await client.ended(), node: await visit.ended(), 'the process': await stage.running.exited };
      },
      seen: { client: 'FIN', node: 'FIN', 'the process': 'exit 0' },
      log: { chargehand: 'drained proxy K-', haproxy: 'K-', nginx: '200' },
    },
    {
      title: 'stop with nothing that runs',
      setup: {},
      alone: true,
      async play(stage) {
        stage.nodesTellNames();
        const before = await stage.ask();
        stage.running.stop();
        return { before, 'the process': await stage.running.exited, 'new clients': await stage.ask() };
      },
      seen: { before: 'a', 'the process': 'exit 0', 'new clients': 'refused' },
      log: { chargehand: 'completed client --', haproxy: '--', nginx: '200' },
    },
    {
      title: 'stop at once, with a session that runs',
      setup: {},
      alone: true,
      async play(stage) {
        const { client, visit } = await stage.session();
        stage.running.kill();
        return { client: await client.ended(), node: await visit.ended() };
      },
      seen: { client: 'FIN', node: 'FIN' },
      log: { chargehand: 'drained proxy K-', haproxy: 'none', nginx: 'none' },
    },
  ],
};

export const reload: Theme = {
  title: 'Reload',
  cases: [
    {
      title: 'reload with another node: a session that runs, and new clients',
      setup: { nodes: { a: {}, b: {} } },
      alone: true,
      async play(stage) {
        const session = await stage.session('a');
        stage.nodesTellNames();
        const outcome = await stage.running.reload([stage.without('a')]);
        const next = (await stage.asks(3)).join(' ');
        session.client.say('still there');
        await session.visit.hears('still there');
        const state = session.client.state;
        await stage.finish(session);
        return { reload: outcome, 'new clients': next, 'the session on the node that is gone': state };
      },
      seen: { reload: 'applied', 'new clients': 'b b b', 'the session on the node that is gone': 'open' },
      log: { chargehand: 'completed client --', haproxy: '--', nginx: '200' },
    },
    {
      title: 'reload with a mistake in the file',
      setup: { nodes: { a: {}, b: {} } },
      alone: true,
      async play(stage) {
        const session = await stage.session('a');
        stage.nodesTellNames();
        const outcome = await stage.running.reload([stage.without('a')], true);
        const next = (await stage.asks(4)).toSorted().join(' ');
        const state = session.client.state;
        await stage.finish(session);
        return { reload: outcome, 'new clients': next, 'the session': state };
      },
      seen: { reload: 'refused', 'new clients': 'a a b b', 'the session': 'open' },
      log: { chargehand: 'completed client --', haproxy: '--', nginx: '200' },
    },
    {
      title: 'three reloads while clients come one after the other',
      setup: { nodes: { a: {}, b: {} } },
      alone: true,
      async play(stage) {
        stage.nodesTellNames();
        const answers: string[] = [];
        let over = false;
        const clients = async () => {
          while (!over) answers.push(await stage.ask());
        };
        const reloads = async () => {
          for (const gone of ['a', 'b', 'a']) {
            await stage.running.reload([stage.without(gone)]);
            const before = answers.length;
            await until(() => answers.length > before + 5, 'five more clients');
          }
        };
        await Promise.all([clients(), reloads().finally(() => (over = true))]);
        return { 'clients that were not served': String(answers.filter((name) => !/^[ab]$/.test(name)).length) };
      },
      seen: { 'clients that were not served': '0' },
      log: { chargehand: 'completed client --', haproxy: '--', nginx: '200' },
    },
  ],
};
