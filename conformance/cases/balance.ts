// Who gets the next client.

import type { Theme } from '../case.ts';

const THREE = { a: {}, b: {}, c: {} };
const PLAIN = { chargehand: 'completed client --', haproxy: '--', nginx: '200' };
/** Enough that every node is somebody's. */
const CLIENTS = Array.from({ length: 40 }, (_, i) => `127.0.0.${i + 10}`);

/** How often each was named: `a 4, b 2`. */
function shares(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names.toSorted()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ');
}

export const balance: Theme = {
  title: 'Who gets the next client',
  cases: [
    {
      title: 'roundrobin, three nodes, the first six clients',
      setup: { nodes: THREE },
      async play(stage) {
        stage.nodesTellNames();
        return { clients: (await stage.asks(6)).join(' ') };
      },
      seen: { clients: 'a b c a b c' },
      log: PLAIN,
    },
    {
      title: 'roundrobin by weight 3, 2 and 1, twelve clients',
      setup: { nodes: { a: { weight: 3 }, b: { weight: 2 }, c: { weight: 1 } } },
      async play(stage) {
        stage.nodesTellNames();
        return { clients: shares(await stage.asks(12)) };
      },
      seen: { clients: 'a 6, b 4, c 2' },
      log: PLAIN,
    },
    {
      title: 'roundrobin by weight 5, 1 and 1: the heavy one is not asked five times in a row',
      setup: { nodes: { a: { weight: 5 }, b: {}, c: {} } },
      async play(stage) {
        stage.nodesTellNames();
        return { clients: (await stage.asks(7)).join(' ') };
      },
      seen: { clients: 'a a b a c a a' },
      differs: { haproxy: { seen: { clients: 'a a a b a a c' }, why: 'another order of the same shares' } },
      log: PLAIN,
    },
    {
      title: 'leastconn, a node that holds three sessions among two that hold none',
      setup: { nodes: THREE, balance: 'leastconn' },
      async play(stage) {
        stage.nodesTellNames();
        const held = [await stage.held(), await stage.held(), await stage.held()];
        // The sessions on b and c end: a alone is busy.
        for (const { client, node } of held) {
          if (node === 'a') continue;
          client.fin();
          await client.ended();
        }
        const answers: string[] = [];
        for (let i = 0; i < 2; i++) answers.push((await stage.held()).node);
        return { first: held.map(({ node }) => node).join(' '), next: answers.toSorted().join(' ') };
      },
      seen: { first: 'a b c', next: 'b c' },
      log: { chargehand: 'completed client --', haproxy: '--', nginx: '200' },
    },
    {
      title: 'source: each client twice, from forty addresses',
      setup: { nodes: THREE, balance: 'source' },
      async play(stage) {
        stage.nodesTellNames();
        const names: string[] = [];
        let moved = 0;
        for (const from of CLIENTS) {
          const [first = '', second = ''] = await stage.asks(2, { from });
          names.push(first);
          if (first !== second) moved++;
        }
        return { 'nodes in use': [...new Set(names)].toSorted().join(' '), 'clients that changed node': String(moved) };
      },
      seen: { 'nodes in use': 'a b c', 'clients that changed node': '0' },
      log: PLAIN,
    },
    {
      title: 'source by modulo: address 127.0.0.10 and the next five',
      setup: { nodes: THREE, balance: 'source-map' },
      async play(stage) {
        stage.nodesTellNames();
        const names: string[] = [];
        for (const from of CLIENTS.slice(0, 6)) names.push(await stage.ask({ from }));
        return { clients: names.join(' ') };
      },
      seen: { clients: 'c a b c a b' },
      differs: {
        nginx: { seen: { clients: 'a b a b b b' }, why: 'its `hash` is not the address itself, but a CRC-32 of it' },
      },
      log: PLAIN,
    },
    {
      title: 'source by modulo, a node that refuses its clients, the next one asked for',
      setup: { nodes: THREE, balance: 'source-map', failover: 'next-node' },
      async play(stage) {
        stage.nodesTellNames();
        const from = '127.0.0.10';
        const own = stage.node(await stage.ask({ from }));
        own.refuse();
        const during = await stage.ask({ from, logged: true });
        await own.listen();
        return { client: during === 'FIN' ? 'FIN' : during === own.name ? 'its own node' : 'another node' };
      },
      seen: { client: 'another node' },
      differs: {
        haproxy: { seen: { client: 'FIN' }, why: 'each redispatch hashes to the same server (map-based hash)' },
      },
      log: { chargehand: 'completed client -- retries=1', haproxy: 'SC retries=3', nginx: '200 retries=1' },
    },
    {
      title: 'source, a node that refuses its clients, the next one asked for',
      setup: { nodes: THREE, balance: 'source', failover: 'next-node' },
      async play(stage) {
        stage.nodesTellNames();
        const before = new Map<string, string>();
        for (const from of CLIENTS) before.set(from, await stage.ask({ from }));
        stage.node('a').refuse();
        let served = 0;
        let needless = 0;
        for (const from of CLIENTS) {
          const now = await stage.ask({ from });
          if (now === 'b' || now === 'c') served++;
          if (before.get(from) !== 'a' && before.get(from) !== now) needless++;
        }
        return { served: `${served} of ${CLIENTS.length}`, 'moved needlessly': String(needless) };
      },
      seen: { served: '40 of 40', 'moved needlessly': '0' },
      log: PLAIN,
    },
    {
      title: 'the only node of a service, another one beside it that serves (pinned)',
      setup: { nodes: { a: { kind: 'refusing' }, b: {} }, balance: 'pinned' },
      async play(stage) {
        stage.nodesTellNames();
        return { client: await stage.ask(), b: `${stage.node('b').visits.length} sessions` };
      },
      seen: { client: 'FIN', b: '0 sessions' },
      log: { chargehand: 'dial-failed backend SC', haproxy: 'SC retries=3', nginx: '502' },
    },
  ],
};
