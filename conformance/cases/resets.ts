// A side resets: whether the other one can tell that from a proper end.

import { once } from 'node:events';
import type { Theme } from '../case.ts';

export const resets: Theme = {
  title: 'Resets',
  cases: [
    {
      title: 'the client resets a running session',
      setup: {},
      async play(stage) {
        const { client, visit } = await stage.session();
        client.reset();
        return { node: await visit.ended() };
      },
      seen: { node: 'RST' },
      differs: { nginx: { seen: { node: 'FIN' }, why: 'it passes a reset on as a FIN' } },
      log: { chargehand: 'client-reset client CD', haproxy: 'CD', nginx: '200' },
    },
    {
      title: 'the node resets a running session',
      setup: {},
      async play(stage) {
        const { client, visit } = await stage.session();
        visit.reset();
        return { client: await client.ended() };
      },
      seen: { client: 'RST' },
      differs: {
        haproxy: { seen: { client: 'FIN' }, why: 'it passes a reset on from client to server only' },
        nginx: { seen: { client: 'FIN' }, why: 'it passes a reset on as a FIN' },
      },
      log: { chargehand: 'backend-reset backend SD', haproxy: 'SD', nginx: '200' },
    },
    {
      title: 'the node resets while the client waits for its answer, its own half closed',
      setup: { halfClose: 'pass' },
      async play(stage) {
        const client = await stage.client();
        client.say('question').fin();
        const visit = await stage.node().visit();
        await visit.ended();
        visit.reset();
        return { client: await client.ended() };
      },
      seen: { client: 'RST' },
      differs: {
        haproxy: { seen: { client: 'FIN' }, why: 'it passes a reset on from client to server only' },
        nginx: { seen: { client: 'FIN' }, why: 'it passes a reset on as a FIN' },
      },
      log: { chargehand: 'backend-reset backend SD', haproxy: 'SD', nginx: '200' },
    },
    {
      title: 'the client resets before it was accepted',
      setup: {},
      alone: true,
      async play(stage) {
        stage.running.freeze();
        const client = await stage.client();
        client.reset();
        await once(client.socket, 'close');
        stage.running.thaw();
        await stage.turn();
        stage.mayBeLoggedAs(['']);
        const name = await stage.whoIsTold([client.name, '']);
        const sessions = stage.node().visits.length;
        return { node: `sessions: ${sessions}`, 'the log names': name === '' ? 'nobody' : 'its address' };
      },
      seen: { node: 'sessions: 0', 'the log names': 'nobody' },
      differs: {
        haproxy: {
          seen: { node: 'sessions: 0', 'the log names': 'its address' },
          why: 'the kernel tells it the address with the connection; Node asks afterwards, when it is no longer known',
        },
        nginx: {
          seen: { node: 'sessions: 1', 'the log names': 'its address' },
          why: 'it dials the server before it looks at the client',
        },
      },
      log: { chargehand: 'client-left client CR', haproxy: 'CR <NOSRV>', nginx: '200' },
    },
  ],
};
