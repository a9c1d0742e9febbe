import t from 'tap';
import { createBalancer } from '../../src/balancer/strategies.ts';
import type { BalanceConfig } from '../../src/config/config.ts';
import { candidates, hashConfig } from '../fixtures/candidates.ts';

const EVERY: readonly BalanceConfig[] = [
  { strategy: 'roundrobin' },
  { strategy: 'leastconn' },
  { strategy: 'random' },
  { strategy: 'source', hash: hashConfig() },
  { strategy: 'source', hash: hashConfig({ bound: 1.25 }) },
  { strategy: 'source', hash: hashConfig({ method: 'haproxy', bound: 1.25 }) },
  { strategy: 'pinned', node: 'a' },
];

for (const config of EVERY) {
  t.test(`${JSON.stringify(config)}: what every strategy keeps to`, async (t) => {
    const balancer = createBalancer(config, candidates({ a: 1, b: 2, c: 3 }));
    t.equal(balancer.pick([], '192.0.2.1'), undefined, 'nobody there: nobody');
    for (const client of ['192.0.2.1', '2001:db8::1', undefined, 'no address']) {
      const nodes = candidates({ a: 1, b: 0.15, c: 3 });
      const picked = balancer.pick(nodes, client);
      t.ok(picked !== undefined && nodes.includes(picked), `${client}: one of the candidates themselves`);
      const strangers = candidates({ a: 1, x: 1, y: 2 });
      const other = balancer.pick(strangers, client);
      t.ok(other !== undefined && strangers.includes(other), `${client}: nodes it has not heard of before`);
    }
  });

  t.test(`${JSON.stringify(config)}: retries over all candidates end`, async (t) => {
    const balancer = createBalancer(config, candidates({ a: 1, b: 1, c: 1 }));
    let left = candidates({ a: 1, b: 1, c: 1 });
    const tried: string[] = [];
    for (let i = 0; i < 10; i++) {
      const picked = balancer.pick(left, '192.0.2.1');
      if (picked === undefined) break;
      tried.push(picked.node);
      left = left.filter((candidate) => candidate !== picked);
    }
    t.strictSame(tried.sort(), config.strategy === 'pinned' ? ['a'] : ['a', 'b', 'c']);
  });
}

t.test('only random draws', async (t) => {
  let drawn = 0;
  const random = () => {
    drawn++;
    return 0.5;
  };
  for (const config of EVERY) {
    drawn = 0;
    createBalancer(config, candidates({ a: 1, b: 1 }), random).pick(candidates({ a: 1, b: 1 }), '192.0.2.1');
    t.equal(drawn, config.strategy === 'random' ? 2 : 0, config.strategy);
  }
});
