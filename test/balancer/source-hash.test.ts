import t from 'tap';
import { sourceHash } from '../../src/balancer/source-hash.ts';
import type { HashConfig } from '../../src/config/config.ts';
import { candidates, hashConfig, ipv4, ipv6, seededRandom, type TestCandidate, tally } from '../fixtures/candidates.ts';
import * as inBigInt from '../fixtures/rendezvous-in-bigint.ts';

const CLIENTS = Array.from({ length: 10_000 }, (_, i) => (i % 2 === 0 ? ipv4(i) : ipv6(i)));

/** Each client's node. */
function mapping(nodes: readonly TestCandidate[], config: HashConfig = hashConfig()): Map<string, string | undefined> {
  const balancer = sourceHash(config, nodes);
  return new Map(CLIENTS.map((client) => [client, balancer.pick(nodes, client)?.node]));
}

/** The clients whose node is another one, as `from>to`, counted. */
function moves(
  before: Map<string, string | undefined>,
  after: Map<string, string | undefined>,
): Record<string, number> {
  const moved = CLIENTS.filter((client) => before.get(client) !== after.get(client));
  return tally(moved.map((client) => `${before.get(client)}>${after.get(client)}`));
}

for (const weights of [
  { a: 1, b: 1, c: 1 },
  { a: 1, b: 2, c: 3 },
]) {
  t.test(`weights ${Object.values(weights)}: the loss of one of three nodes moves only its clients`, async (t) => {
    const nodes = candidates(weights);
    const before = mapping(nodes);
    const shares = tally(before.values());
    for (const lost of nodes) {
      const balancer = sourceHash(hashConfig(), nodes);
      const left = nodes.filter((node) => node !== lost);
      const without = new Map(CLIENTS.map((client) => [client, balancer.pick(left, client)?.node]));
      const moved = moves(before, without);
      const went = left.map(({ node }) => moved[`${lost.node}>${node}`] ?? 0);
      t.equal(Object.keys(moved).length, left.length, `nobody else moves: ${JSON.stringify(moved)}`);
      t.equal(
        went.reduce((sum, count) => sum + count, 0),
        shares[lost.node],
        `all clients of ${lost.node} move`,
      );
      const back = new Map(CLIENTS.map((client) => [client, balancer.pick(nodes, client)?.node]));
      t.strictSame(back, before, `the return of ${lost.node} brings back exactly those`);
    }
  });
}

t.test('a node that is added takes its share and moves nobody from one old node to another', async (t) => {
  const moved = moves(mapping(candidates({ a: 1, b: 1, c: 1 })), mapping(candidates({ a: 1, b: 1, c: 1, d: 1 })));
  t.strictSame(Object.keys(moved).sort(), ['a>d', 'b>d', 'c>d']);
  const gone = Object.values(moved).reduce((sum, count) => sum + count, 0);
  t.ok(Math.abs(gone - 2500) < 200, `${gone} of 10,000 moved, a quarter is fair`);
});

t.test('a weight that grows only brings clients to its node', async (t) => {
  const moved = moves(mapping(candidates({ a: 1, b: 1, c: 1 })), mapping(candidates({ a: 1, b: 2, c: 1 })));
  t.strictSame(Object.keys(moved).sort(), ['a>b', 'c>b']);
});

t.test('a node that starts slowly gets its own clients back one after another, and nobody elses', async (t) => {
  const home = mapping(candidates({ a: 1, b: 1, c: 1 }));
  let before = mapping(candidates({ a: 1, c: 1 }));
  for (const share of [0.05, 0.3, 0.7, 1]) {
    const after = mapping(candidates({ a: 1, b: share, c: 1 }));
    t.strictSame(Object.keys(moves(before, after)).sort(), ['a>b', 'c>b'], `at ${share} of its weight`);
    for (const [client, node] of after)
      if (node === 'b' && home.get(client) !== 'b') t.fail(`${client} is not its own`);
    before = after;
  }
  t.strictSame(before, home);
});

t.test('the order of the nodes, their number and their other state never count', async (t) => {
  const balancer = sourceHash(hashConfig(), []);
  const nodes = candidates({ a: 3, b: 1, c: 2, d: 1, e: 5 });
  const shuffled = [3, 0, 4, 2, 1].map((i) => nodes[i]).filter((node) => node !== undefined);
  const busy = nodes.map((node, i) => ({ ...node, active: 1000 * i }));
  for (const client of CLIENTS.slice(0, 2000)) {
    const expected = balancer.pick(nodes, client)?.node;
    const found = [balancer.pick(shuffled, client)?.node, balancer.pick(busy, client)?.node];
    if (found.some((node) => node !== expected)) t.fail(`${client}: ${expected}, then ${found}`);
  }
});

t.test('two hundred nodes of mixed weights: as the definition written in BigInt has it', async (t) => {
  const random = seededRandom(3);
  const balancer = sourceHash(hashConfig(), []);
  for (let i = 0; i < 300; i++) {
    const count = 2 + Math.floor(random() * 199);
    const nodes = Array.from({ length: count }, (_, n) => ({
      node: `proxy${n}.example.net`,
      weight: random() < 0.5 ? 1 : 1 + Math.floor(random() * 256),
      active: 0,
    })).sort(() => random() - 0.5);
    const address = Array.from({ length: 4 }, () => Math.floor(random() * 256));
    const [first] = inBigInt.ranking(Uint8Array.from(address), nodes);
    t.equal(balancer.pick(nodes, address.join('.'))?.node, first, `${address.join('.')} over ${count} nodes`);
  }
});

t.test('only the masked address counts', async (t) => {
  const nodes = candidates(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`node${i}`, 1])));
  const at = (client: string | undefined, config = hashConfig()) => sourceHash(config, []).pick(nodes, client)?.node;
  t.equal(at('2001:db8::1'), at('2001:db8::ffff:ffff:ffff:ffff'), 'one /64');
  t.equal(at('::ffff:192.0.2.7'), at('192.0.2.7'), 'an IPv4-mapped address is the IPv4 client');
  const by24 = hashConfig({ prefixV4: 24, prefixV6: 48 });
  t.equal(at('192.0.2.7', by24), at('192.0.2.250', by24), 'one /24');
  t.equal(at('2001:db8:0:1::', by24), at('2001:db8:0:ffff::', by24), 'one /48');
  const different = (clients: string[], config = hashConfig()) => new Set(clients.map((c) => at(c, config))).size > 1;
  t.ok(different(Array.from({ length: 20 }, (_, i) => `192.0.2.${i}`)));
  t.ok(different(Array.from({ length: 20 }, (_, i) => `2001:db8:0:${i}::1`)));
  t.ok(
    different(
      Array.from({ length: 20 }, (_, i) => `2001:db8::${i}`),
      hashConfig({ prefixV6: 128 }),
    ),
  );
  t.equal(at(undefined), at(undefined), 'a Unix client has a node, always the same');
});

t.test('with a bound', async (t) => {
  t.test('no node ever holds more than the bound times its fair share, rounded up', async (t) => {
    const random = seededRandom(11);
    for (const bound of [1, 1.1, 1.25, 2]) {
      const nodes = candidates({ a: 1, b: 2, c: 3, d: 0.5 });
      const balancer = sourceHash(hashConfig({ bound }), nodes);
      const held: TestCandidate[] = [];
      for (let i = 0; i < 3000; i++) {
        // Half of the sessions come from one address: a site behind NAT.
        const picked = balancer.pick(nodes, random() < 0.5 ? '192.0.2.1' : ipv4(i));
        if (picked === undefined) throw new Error(`bound ${bound}: session ${i} found no room`);
        picked.active++;
        held.push(picked);
        const limit = Math.ceil((bound * picked.weight * held.length) / 6.5);
        if (picked.active > limit)
          throw new Error(`bound ${bound}: ${picked.node} holds ${picked.active}, over ${limit}`);
        if (random() < 0.3) {
          const [ended] = held.splice(Math.floor(random() * held.length), 1);
          if (ended !== undefined) ended.active--;
        }
      }
      t.ok(held.length > 1000, `bound ${bound}: ${nodes.map(({ node, active }) => `${node} ${active}`).join(', ')}`);
    }
  });

  t.test('a client goes to the best of its nodes that has room, and home when there is room again', async (t) => {
    const nodes = candidates({ a: 1, b: 1, c: 1 });
    const balancer = sourceHash(hashConfig({ bound: 1.25 }), nodes);
    const order = inBigInt.ranking(Uint8Array.from([192, 0, 2, 1]), nodes);
    const [first, second, third] = order.map((name) => nodes.find(({ node }) => node === name));
    if (first === undefined || second === undefined || third === undefined) throw new Error('three nodes are ranked');
    const pick = () => balancer.pick(nodes, '192.0.2.1')?.node;
    t.equal(pick(), first.node, 'all are idle');
    // 1.25 × (10 + 1) / 3 = 4.58: five have room for one node, a sixth does not.
    [first.active, second.active, third.active] = [4, 3, 3];
    t.equal(pick(), first.node, 'the fifth is within the bound');
    [first.active, second.active, third.active] = [5, 3, 2];
    t.equal(pick(), second.node, 'the sixth is not');
    [first.active, second.active, third.active] = [5, 5, 0];
    t.equal(pick(), third.node, 'two are at their bound');
    [first.active, second.active, third.active] = [1, 1, 1];
    t.equal(pick(), first.node, 'room again');
  });

  t.test('a product that rounding made a little too large gives no extra place', async (t) => {
    const nodes = candidates({ a: 1, b: 1 });
    const [a, b] = nodes;
    if (a === undefined || b === undefined) throw new Error('the fixture has no nodes');
    const balancer = sourceHash(hashConfig({ bound: 1.1 }), nodes);
    // ⌈1.1 × 100 / 2⌉ = 55 of 100 sessions, the new one counted; in doubles the product is 55.00000000000001.
    [a.active, b.active] = [55, 44];
    for (let i = 0; i < 50; i++) t.equal(balancer.pick(nodes, ipv4(i))?.node, 'b');
  });
});
