// One side has said all it had to say; the other has not.

import type { Theme } from '../case.ts';

const QUESTION = 'what is the answer?';
const ANSWER = 'forty-two';

export const halfClose: Theme = {
  title: 'Half-close',
  cases: [
    {
      title: 'the client closes its half, then the node answers',
      setup: {},
      async play(stage) {
        const client = await stage.client();
        client.say(QUESTION).fin();
        const visit = await stage.node().visit();
        const node = await visit.whole();
        visit.say(ANSWER).fin();
        return { node, client: await client.whole() };
      },
      seen: { node: '"what is the answer?", then FIN', client: '"forty-two", then FIN' },
      differs: {
        nginx: {
          seen: { node: '"what is the answer?", then FIN', client: 'FIN' },
          why: 'it ends both directions at the first FIN; `proxy_half_close on` changes that',
        },
      },
      log: { chargehand: 'completed client --', haproxy: '--', nginx: '200' },
    },
    {
      title: 'the same, half-close asked for',
      setup: { halfClose: 'pass' },
      async play(stage) {
        const client = await stage.client();
        client.say(QUESTION).fin();
        const visit = await stage.node().visit();
        const node = await visit.whole();
        visit.say(ANSWER).fin();
        return { node, client: await client.whole() };
      },
      seen: { node: '"what is the answer?", then FIN', client: '"forty-two", then FIN' },
      log: { chargehand: 'completed client --', haproxy: '--', nginx: '200' },
    },
    {
      title: 'the node closes its half, then the client goes on sending',
      setup: {},
      async play(stage) {
        const { client, visit } = await stage.session();
        visit.fin();
        const how = await client.whole();
        client.say('and there is more').fin();
        return { client: how, node: await visit.whole() };
      },
      seen: { client: '"welcome", then FIN', node: '"helloand there is more", then FIN' },
      differs: {
        nginx: {
          seen: { client: '"welcome", then FIN', node: '"hello", then FIN' },
          why: 'it ends both directions at the first FIN; `proxy_half_close on` changes that',
        },
      },
      log: { chargehand: 'completed backend --', haproxy: '--', nginx: '200' },
    },
    {
      title: 'the node closes its half, then the client goes on sending, half-close asked for',
      setup: { halfClose: 'pass' },
      async play(stage) {
        const { client, visit } = await stage.session();
        visit.fin();
        const how = await client.whole();
        client.say('and there is more').fin();
        return { client: how, node: await visit.whole() };
      },
      seen: { client: '"welcome", then FIN', node: '"helloand there is more", then FIN' },
      log: { chargehand: 'completed backend --', haproxy: '--', nginx: '200' },
    },
    {
      title: 'the client closes before it says a word',
      setup: {},
      async play(stage) {
        const client = await stage.client();
        client.fin();
        const visit = await stage.node().visit();
        const node = await visit.whole();
        visit.fin();
        return { node, client: await client.whole() };
      },
      seen: { node: 'FIN', client: 'FIN' },
      log: { chargehand: 'completed client --', haproxy: '--', nginx: '200' },
    },
    {
      title: 'both close at once',
      setup: {},
      async play(stage) {
        const { client, visit } = await stage.session();
        client.fin();
        visit.fin();
        return { client: await client.whole(), node: await visit.whole() };
      },
      seen: { client: '"welcome", then FIN', node: '"hello", then FIN' },
      log: { chargehand: ['completed client --', 'completed backend --'], haproxy: '--', nginx: '200' },
    },
  ],
};
