// What stands still is ended, and what moves is not.

import type { Theme } from '../case.ts';

const ONE_SIDE = 'the timeout of a side ends only the direction in which that side would speak';

export const timeouts: Theme = {
  title: 'Timeouts',
  cases: [
    {
      title: 'a session without a byte in either direction',
      setup: { idleMs: 2000 },
      async play(stage) {
        const lasted = stage.watch();
        const { client, visit } = await stage.session();
        return { client: await client.ended(), node: await visit.ended(), lasted: lasted(2000) };
      },
      seen: { client: 'FIN', node: 'RST', lasted: '2 s or more' },
      differs: {
        haproxy: {
          seen: { client: 'FIN', node: 'FIN', lasted: '2 s or more' },
          why: 'its timeouts close; only `timeout tunnel` resets the server',
        },
        nginx: { seen: { client: 'FIN', node: 'FIN', lasted: '2 s or more' }, why: 'it closes both' },
      },
      log: { chargehand: 'idle-timeout proxy cD', haproxy: 'cD', nginx: '200' },
    },
    {
      title: 'the same, where a session as a whole has a timeout beside those of its sides',
      setup: { tunnelMs: 2000 },
      async play(stage) {
        const lasted = stage.watch();
        const { client, visit } = await stage.session();
        const ends = { client: await client.ended(), node: await visit.ended(), lasted: lasted(2000) };
        await stage.toldInLog(client);
        const reset = ends.node === 'FIN' && (await visit.afterFin()) === 'RST';
        return reset ? { ...ends, node: 'FIN, then RST' } : ends;
      },
      seen: { client: 'FIN', node: 'RST', lasted: '2 s or more' },
      differs: {
        haproxy: {
          seen: { client: 'FIN', node: 'FIN, then RST', lasted: '2 s or more' },
          why: 'it closes first, and resets then',
        },
        nginx: { seen: { client: 'FIN', node: 'FIN', lasted: '2 s or more' }, why: 'it closes both' },
      },
      log: { chargehand: 'idle-timeout proxy cD', haproxy: 'cD', nginx: '200' },
    },
    {
      title: 'the client has a shorter timeout than the node, which then goes on sending',
      setup: { clientIdleMs: 2000 },
      async play(stage) {
        const since = stage.watch();
        const { client, visit } = await stage.session();
        const node = await visit.ended();
        const lasted = since(2000);
        visit.say(', too late').fin();
        return { node, client: await client.whole(), lasted };
      },
      seen: { node: 'RST', client: '"welcome", then FIN', lasted: '2 s or more' },
      differs: {
        haproxy: {
          seen: { node: 'FIN', client: '"welcome, too late", then FIN', lasted: '2 s or more' },
          why: ONE_SIDE,
        },
        nginx: { seen: { node: 'FIN', client: '"welcome", then FIN', lasted: '2 s or more' }, why: 'it closes both' },
      },
      log: { chargehand: 'idle-timeout proxy cD', haproxy: 'cD', nginx: '200' },
    },
    {
      title: 'the node has a shorter timeout than the client, which then goes on sending',
      setup: { nodeIdleMs: 2000 },
      async play(stage) {
        const since = stage.watch();
        const { client, visit } = await stage.session();
        const how = await client.ended();
        const lasted = since(2000);
        client.say(', too late').fin();
        return { client: how, node: await visit.whole(), lasted };
      },
      seen: { client: 'FIN', node: '"hello", then RST', lasted: '2 s or more' },
      differs: {
        haproxy: {
          seen: { client: 'FIN', node: '"hello, too late", then FIN', lasted: '2 s or more' },
          why: ONE_SIDE,
        },
        nginx: { seen: { client: 'FIN', node: '"hello", then FIN', lasted: '2 s or more' }, why: 'it closes both' },
      },
      log: { chargehand: 'idle-timeout proxy cD', haproxy: 'sD', nginx: '200' },
    },
    {
      title: 'a session in which only the client sends, longer than the timeout',
      setup: { idleMs: 4000 },
      async play(stage) {
        const { client, visit } = await stage.session();
        // A session that stands still ends in the meantime: by then this one is older than its timeout.
        const idle = await stage.session();
        const speaking = setInterval(() => client.say('.'), 100);
        await idle.client.ended();
        clearInterval(speaking);
        client.say('still there');
        await visit.hears('still there');
        const states = { client: client.state, node: visit.state };
        await stage.finish({ client, visit });
        return states;
      },
      seen: { client: 'open', node: 'open' },
      log: { chargehand: 'completed client --', haproxy: '--', nginx: '200' },
    },
    {
      title: 'a session in which only the node sends, longer than the timeout',
      setup: { idleMs: 4000 },
      async play(stage) {
        const { client, visit } = await stage.session();
        const idle = await stage.session();
        const speaking = setInterval(() => visit.say('.'), 100);
        await idle.client.ended();
        clearInterval(speaking);
        visit.say('still there');
        await client.hears('still there');
        const states = { client: client.state, node: visit.state };
        await stage.finish({ client, visit });
        return states;
      },
      seen: { client: 'open', node: 'open' },
      log: { chargehand: 'completed client --', haproxy: '--', nginx: '200' },
    },
    {
      title: 'the client has closed its half, the node says nothing',
      setup: { halfClosedMs: 1000 },
      async play(stage) {
        const { client, visit } = await stage.session();
        const since = stage.watch();
        client.fin();
        const first = await visit.ended();
        const how = await client.ended();
        const lasted = since(1000);
        await stage.toldInLog(client);
        return { client: how, node: `${first}, then ${await visit.afterFin()}`, lasted };
      },
      seen: { client: 'FIN', node: 'FIN, then RST', lasted: '1 s or more' },
      cannot: ['nginx'],
      log: { chargehand: 'half-closed-timeout proxy sD', haproxy: 'sD' },
    },
    {
      title: 'the node has closed its half, the client says nothing',
      setup: { halfClosedMs: 1000 },
      async play(stage) {
        const { client, visit } = await stage.session();
        const lasted = stage.watch();
        visit.fin();
        return { client: await client.ended(), node: await visit.ended(), lasted: lasted(1000) };
      },
      seen: { client: 'FIN', node: 'RST', lasted: '1 s or more' },
      differs: {
        haproxy: { seen: { client: 'FIN', node: 'FIN', lasted: '1 s or more' }, why: 'its timeouts close' },
      },
      cannot: ['nginx'],
      log: { chargehand: 'half-closed-timeout proxy cD', haproxy: 'cD' },
    },
    {
      title: 'nothing is dialled before the client speaks, and it does',
      setup: { waitForClientMs: 20_000 },
      async play(stage) {
        // Another client speaks meanwhile: the product has had its turn.
        const client = await stage.client();
        const other = await stage.session();
        const before = stage.node().visits.length - 1;
        client.say('at last').fin();
        const visit = await stage.node().visit(1);
        const node = await visit.whole();
        visit.fin();
        other.client.fin();
        return { before: `${before} sessions on the node`, node, client: await client.whole() };
      },
      seen: { before: '0 sessions on the node', node: '"at last", then FIN', client: 'FIN' },
      log: { chargehand: 'completed client --', haproxy: '--', nginx: '200' },
    },
    {
      title: 'nothing is dialled before the client speaks, and it never does',
      setup: { waitForClientMs: 500 },
      async play(stage) {
        const lasted = stage.watch();
        const client = await stage.client();
        return {
          client: await client.whole(),
          node: `${stage.node().visits.length} sessions`,
          lasted: lasted(500),
        };
      },
      seen: { client: 'FIN', node: '0 sessions', lasted: '0.5 s or more' },
      log: { chargehand: 'first-byte-timeout proxy cR', haproxy: 'PR <NOSRV>', nginx: '200' },
    },
    {
      title: 'nothing is dialled before the client speaks, and it leaves',
      setup: { waitForClientMs: 20_000 },
      async play(stage) {
        const client = await stage.client();
        client.fin();
        return { client: await client.whole(), node: `${stage.node().visits.length} sessions` };
      },
      seen: { client: 'FIN', node: '0 sessions' },
      log: { chargehand: 'client-left client CR', haproxy: 'PR <NOSRV>', nginx: '200' },
    },
  ],
};
