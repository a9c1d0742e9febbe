import t from 'tap';
import { createBalancer } from '../../src/balancer/strategies.ts';
import type { BalanceConfig } from '../../src/config/config.ts';
import { candidates, hashConfig, ipv4, seededRandom, tally } from '../fixtures/candidates.ts';

const PICKS = 3000;

/** Shares of 3,000 sessions that each end before the next begins. */
function shares(balance: BalanceConfig, weights: Record<string, number>): Record<string, number> {
  const nodes = candidates(weights);
  const balancer = createBalancer(balance, nodes, seededRandom(7));
  return tally(Array.from({ length: PICKS }, (_, i) => balancer.pick(nodes, ipv4(i))?.node));
}

/** Shares of 3,000 sessions that all stay. */
function sharesOfStaying(balance: BalanceConfig, weights: Record<string, number>): Record<string, number> {
  const nodes = candidates(weights);
  const balancer = createBalancer(balance, nodes, seededRandom(7));
  for (let i = 0; i < PICKS; i++) {
    const picked = balancer.pick(nodes, ipv4(i));
    if (picked !== undefined) picked.active++;
  }
  return Object.fromEntries(nodes.map(({ node, active }) => [node, active]));
}

const EQUAL = { a: 1, b: 1, c: 1 };
const WEIGHTED = { a: 1, b: 2, c: 3 };

t.test('roundrobin and leastconn share out exactly, by weight', async (t) => {
  for (const strategy of ['roundrobin', 'leastconn'] as const) {
    for (const count of [shares, sharesOfStaying]) {
      t.strictSame(count({ strategy }, EQUAL), { a: 1000, b: 1000, c: 1000 }, `${strategy} 1:1:1 ${count.name}`);
      t.strictSame(count({ strategy }, WEIGHTED), { a: 500, b: 1000, c: 1500 }, `${strategy} 1:2:3 ${count.name}`);
    }
  }
});

t.test('random and source share out within 10 %, by weight', async (t) => {
  for (const balance of [{ strategy: 'random' }, { strategy: 'source', hash: hashConfig() }] as const) {
    for (const weights of [EQUAL, WEIGHTED]) {
      const sum = Object.values(weights).reduce((a, b) => a + b);
      const found = shares(balance, weights);
      for (const [node, weight] of Object.entries(weights)) {
        const fair = (PICKS * weight) / sum;
        const got = found[node] ?? 0;
        t.ok(
          Math.abs(got - fair) <= fair / 10,
          `${balance.strategy}: ${node} (weight ${weight}) has ${got} of ${fair}`,
        );
      }
    }
  }
});

t.test('two choices keep sessions that stay within 1 % of the fair share', async (t) => {
  const found = sharesOfStaying({ strategy: 'random' }, WEIGHTED);
  for (const [node, weight] of Object.entries(WEIGHTED)) {
    const got = found[node] ?? 0;
    t.ok(Math.abs(got - weight * 500) <= weight * 5, `${node} (weight ${weight}) holds ${got} of ${weight * 500}`);
  }
});
