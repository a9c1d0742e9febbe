// Who is picked when nodes come and go: stories in a table. A word of a story is `CANDIDATES>PICK`, or `-NODE`: one
// session of that node ends. Each pick starts a session that stays until it is ended.

import t from 'tap';
import type { Balancer } from '../../src/balancer/balancer.ts';
import { createBalancer } from '../../src/balancer/strategies.ts';
import type { BalanceConfig } from '../../src/config/config.ts';
import { candidates, type TestCandidate } from '../fixtures/candidates.ts';

interface Story {
  readonly name: string;
  readonly balance: BalanceConfig;
  readonly weights: Readonly<Record<string, number>>;
  readonly script: string;
}

const EQUAL = { a: 1, b: 1, c: 1 };

const STORIES: readonly Story[] = [
  {
    name: 'the turn goes in the order of the file',
    balance: { strategy: 'roundrobin' },
    weights: EQUAL,
    script: 'abc>a abc>b abc>c abc>a',
  },
  {
    name: 'a heavy node does not take its share in one go',
    balance: { strategy: 'roundrobin' },
    weights: { a: 5, b: 1, c: 1 },
    script: 'abc>a abc>a abc>b abc>a abc>c abc>a abc>a abc>a',
  },
  {
    name: 'when the next node goes down the one after it is next, not the first',
    balance: { strategy: 'roundrobin' },
    weights: EQUAL,
    script: 'abc>a ac>c ac>a ac>c ac>a ac>c',
  },
  {
    name: 'a node that comes back does not send everybody to the first node',
    balance: { strategy: 'roundrobin' },
    weights: EQUAL,
    script: 'abc>a abc>b ab>a ab>b ab>a abc>c abc>b abc>c abc>a abc>b abc>c',
  },
  {
    name: 'a retry asks among those not tried, and the turn goes on from there',
    balance: { strategy: 'roundrobin' },
    weights: EQUAL,
    script: 'abc>a bc>b abc>c bc>b abc>c abc>a abc>b',
  },
  {
    name: 'the last one left takes everything',
    balance: { strategy: 'roundrobin' },
    weights: EQUAL,
    script: 'b>b b>b b>b abc>a',
  },
  {
    name: 'fewest sessions first, and ties go round',
    balance: { strategy: 'leastconn' },
    weights: EQUAL,
    script: 'abc>a abc>b abc>c abc>c -b abc>b abc>b abc>a',
  },
  {
    name: 'idle nodes are taken in turn although each session ends at once',
    balance: { strategy: 'leastconn' },
    weights: EQUAL,
    script: 'abc>a -a abc>b -b abc>c -c abc>a -a abc>b -b abc>c',
  },
  {
    name: 'a node of weight 2 holds two sessions where another holds one',
    balance: { strategy: 'leastconn' },
    weights: { a: 1, b: 2 },
    script: 'ab>b ab>a ab>b ab>a ab>b ab>b',
  },
  {
    name: 'a node that came back empty is filled up',
    balance: { strategy: 'leastconn' },
    weights: EQUAL,
    script: 'ab>a ab>b ab>b ab>a abc>c abc>c abc>a abc>b abc>c',
  },
  {
    name: 'pinned never goes elsewhere',
    balance: { strategy: 'pinned', node: 'b' },
    weights: EQUAL,
    script: 'abc>b b>b ac>- a>- abc>b',
  },
];

function play(balancer: Balancer, nodes: readonly TestCandidate[], script: string): string {
  const at = (name: string) => nodes.find(({ node }) => node === name);
  return script
    .split(' ')
    .map((word) => {
      if (word.startsWith('-')) {
        const ended = at(word.slice(1));
        if (ended !== undefined) ended.active--;
        return word;
      }
      const [available = ''] = word.split('>');
      const picked = balancer.pick(
        nodes.filter(({ node }) => available.includes(node)),
        undefined,
      );
      if (picked !== undefined) picked.active++;
      return `${available}>${picked?.node ?? '-'}`;
    })
    .join(' ');
}

for (const { name, balance, weights, script } of STORIES) {
  t.test(`${balance.strategy}: ${name}`, async (t) => {
    const nodes = candidates(weights);
    t.equal(play(createBalancer(balance, nodes), nodes, script), script);
  });
}
