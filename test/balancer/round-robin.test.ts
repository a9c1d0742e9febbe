import t from 'tap';
import { roundRobin } from '../../src/balancer/round-robin.ts';
import { candidates, tally } from '../fixtures/candidates.ts';

t.test('nobody among the candidates: nobody', async (t) => {
  t.equal(roundRobin().pick([], undefined), undefined);
});

t.test('a list that flaps at every pick leaves each node its fair share', async (t) => {
  const balancer = roundRobin();
  const nodes = candidates({ a: 1, b: 1, c: 1 });
  const picks = Array.from({ length: 3000 }, (_, i) =>
    balancer.pick(i % 2 === 0 ? nodes : nodes.slice(0, 2), undefined),
  );
  const shares = tally(picks.map((picked) => picked?.node));
  // Half of the picks go by thirds, half by halves.
  for (const [node, fair] of Object.entries({ a: 1250, b: 1250, c: 500 })) {
    const got = shares[node] ?? 0;
    t.ok(Math.abs(got - fair) <= 2, `${node} has ${got} of ${fair}`);
  }
});

t.test('a node that starts slowly, at a fraction of its weight, takes that fraction', async (t) => {
  const balancer = roundRobin();
  const nodes = candidates({ a: 1, b: 1, c: 0.05 });
  const shares = tally(Array.from({ length: 2050 }, () => balancer.pick(nodes, undefined)?.node));
  for (const [node, fair] of Object.entries({ a: 1000, b: 1000, c: 50 })) {
    const got = shares[node] ?? 0;
    t.ok(Math.abs(got - fair) <= 1, `${node} has ${got} of ${fair}`);
  }
});

t.test('a weight that changes while running counts from the next pick on, and exactly', async (t) => {
  const balancer = roundRobin();
  const nodes = candidates({ a: 1, b: 1 });
  for (let i = 0; i < 100; i++) balancer.pick(nodes, undefined);
  for (const node of nodes) if (node.node === 'b') node.weight = 4;
  const shares = tally(Array.from({ length: 500 }, () => balancer.pick(nodes, undefined)?.node));
  t.strictSame(shares, { a: 100, b: 400 });
});

t.test('another object with the same node name keeps its place', async (t) => {
  const balancer = roundRobin();
  const picks = Array.from({ length: 6 }, () => balancer.pick(candidates({ a: 1, b: 1, c: 1 }), undefined)?.node);
  t.strictSame(picks, ['a', 'b', 'c', 'a', 'b', 'c']);
});

t.test('nodes that are gone are forgotten in the end', async (t) => {
  const balancer = roundRobin();
  const [a, b] = candidates({ a: 1, b: 1 });
  if (a === undefined || b === undefined) throw new Error('the fixture has no nodes');
  t.equal(balancer.pick([a, b], undefined)?.node, 'a');
  for (let i = 0; i < 2000; i++) balancer.pick(candidates({ [`gone${i}`]: 1 }), undefined);
  // b's credit was dropped with the other names: the two begin again in the order of the file.
  t.equal(balancer.pick([a, b], undefined)?.node, 'a');
  t.equal(balancer.pick([a, b], undefined)?.node, 'b');
});

t.test('those that stand keep their place while others are forgotten', async (t) => {
  const balancer = roundRobin();
  const picks = Array.from(
    { length: 5000 },
    (_, i) => balancer.pick(candidates({ a: 1, b: 1, [`passing${i}`]: 1e-9 }), undefined)?.node,
  );
  t.equal(picks.join(''), 'ab'.repeat(2500));
});

t.test('two hundred nodes with weights have their exact shares', async (t) => {
  const weights = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`node${i}`, 1 + (i % 7)]));
  const nodes = candidates(weights);
  const balancer = roundRobin();
  const turn = Object.values(weights).reduce((a, b) => a + b);
  t.strictSame(tally(Array.from({ length: turn }, () => balancer.pick(nodes, undefined)?.node)), weights);
});

t.test('weights of nought, which no file can say, neither stop it nor leave anything behind', async (t) => {
  const balancer = roundRobin();
  const idle = candidates({ a: 0, b: 0 });
  t.strictSame(tally(Array.from({ length: 10 }, () => balancer.pick(idle, undefined)?.node)), { a: 5, b: 5 });
  const nodes = candidates({ a: 1, b: 4 });
  t.strictSame(tally(Array.from({ length: 100 }, () => balancer.pick(nodes, undefined)?.node)), { a: 20, b: 80 });
});
