import t from 'tap';
import { randomTwo } from '../../src/balancer/random-two.ts';
import { candidates } from '../fixtures/candidates.ts';

/** A random source that gives these numbers, one a call; throws when asked for more. */
function scripted(...numbers: number[]): () => number {
  return () => {
    const next = numbers.shift();
    if (next === undefined) throw new Error('asked for more numbers than the test has');
    return next;
  };
}

t.test('none, and only one: nothing is drawn', async (t) => {
  const balancer = randomTwo(scripted());
  t.equal(balancer.pick([], undefined), undefined);
  t.equal(balancer.pick(candidates({ a: 1 }), undefined)?.node, 'a');
});

t.test('of the two drawn the one with fewer sessions for its weight serves', async (t) => {
  const rows: readonly {
    weights: Record<string, number>;
    active: readonly number[];
    draws: [number, number];
    served: string;
  }[] = [
    // Equal weights: a is drawn below 1/3, b below 2/3, c above; then one of the other two, split at the half.
    { weights: { a: 1, b: 1, c: 1 }, active: [0, 0, 0], draws: [0, 0], served: 'a' },
    { weights: { a: 1, b: 1, c: 1 }, active: [1, 0, 0], draws: [0, 0], served: 'b' },
    { weights: { a: 1, b: 1, c: 1 }, active: [1, 2, 0], draws: [0, 0.49], served: 'a' },
    { weights: { a: 1, b: 1, c: 1 }, active: [1, 2, 0], draws: [0, 0.5], served: 'c' },
    { weights: { a: 1, b: 1, c: 1 }, active: [0, 2, 1], draws: [0.99, 0.99], served: 'c' },
    { weights: { a: 1, b: 1, c: 1 }, active: [0, 0, 0], draws: [0.34, 0.99], served: 'b' },
    // By weight: b has nine tenths of the first draw, and may hold nine times as much.
    { weights: { a: 1, b: 9 }, active: [0, 0], draws: [0.11, 0], served: 'b' },
    { weights: { a: 1, b: 9 }, active: [1, 8], draws: [0.09, 0], served: 'b' },
    { weights: { a: 1, b: 9 }, active: [1, 10], draws: [0.5, 0], served: 'a' },
  ];
  for (const { weights, active, draws, served } of rows) {
    const nodes = candidates(weights);
    for (const [i, node] of nodes.entries()) node.active = active[i] ?? 0;
    const picked = randomTwo(scripted(...draws)).pick(nodes, undefined);
    t.equal(picked?.node, served, `${JSON.stringify(weights)} holding ${active}, drawn ${draws}`);
  }
});

t.test('the two are never the same one', async (t) => {
  // Whatever is drawn, the most loaded of three never serves: the other choice is always better.
  for (let first = 0; first < 1; first += 0.05) {
    for (let second = 0; second < 1; second += 0.05) {
      const nodes = candidates({ a: 1, b: 3, c: 2 });
      for (const node of nodes) node.active = node.node === 'b' ? 100 : 0;
      const picked = randomTwo(scripted(first, second)).pick(nodes, undefined);
      if (picked === undefined || picked.node === 'b') t.fail(`drawn ${first}, ${second}: ${picked?.node}`);
    }
  }
});

t.test('a sum that rounding left too small still draws somebody', async (t) => {
  const nodes = candidates({ a: 0.1, b: 0.2, c: 0.3 });
  t.equal(randomTwo(scripted(1 - 2 ** -53, 1 - 2 ** -53)).pick(nodes, undefined)?.node, 'c');
});
