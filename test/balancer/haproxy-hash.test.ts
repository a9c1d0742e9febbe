import t from 'tap';
import { haproxyHash, haproxyMap } from '../../src/balancer/haproxy-hash.ts';
import { sourceHash } from '../../src/balancer/source-hash.ts';
import type { HashConfig } from '../../src/config/config.ts';
import { candidates, hashConfig, ipv4, ipv6, type TestCandidate, tally } from '../fixtures/candidates.ts';

const CLIENTS = Array.from({ length: 3000 }, (_, i) => (i % 3 === 0 ? ipv6(i) : ipv4(i)));
const haproxy = (changes: Partial<HashConfig> = {}) => hashConfig({ method: 'haproxy', ...changes });

t.test('the map has as many slots as the reduced weights add up to, spread out', async (t) => {
  const rows: readonly [weights: Record<string, number>, map: string][] = [
    [{ a: 1, b: 1, c: 1 }, 'abc'],
    [{ a: 7, b: 7, c: 7 }, 'abc'],
    [{ a: 1, b: 2, c: 3 }, 'acbcbc'],
    [{ a: 6, b: 4, c: 2 }, 'aababc'],
    [{ a: 2, b: 1 }, 'aab'],
    [{ a: 256 }, 'a'],
    [{}, ''],
  ];
  for (const [weights, map] of rows) t.equal(haproxyMap(candidates(weights)).join(''), map, JSON.stringify(weights));
});

t.test('backups have no place in the map, in the order of the file or anywhere', async (t) => {
  const specs = [{ node: 'spare', weight: 3, backup: true }, ...candidates({ a: 2, b: 4 })];
  t.strictSame(haproxyMap(specs), haproxyMap(candidates({ a: 1, b: 2 })));
});

t.test('the hash of an address', async (t) => {
  const words = (...numbers: number[]) => Int32Array.from(numbers);
  t.equal(haproxyHash(words(0xc0000201), 1, false), 0xc0000201, 'IPv4 is the address itself');
  t.equal(haproxyHash(words(0xc0000201), 1, true), 0xc000fdfe, 'IPv4 on a v4v6 bind: the last half is turned over');
  t.equal(haproxyHash(words(0x20010db8, 0, 1, 0xfffffff0), 4, false), 0xdffef249, 'IPv6 is the xor of its words');
  t.equal(haproxyHash(words(0x20010db8, 0, 1, 0xfffffff0), 4, true), 0xdffef249, 'on either bind');
});

function mapping(nodes: readonly TestCandidate[], available = nodes, config = haproxy()): (string | undefined)[] {
  const balancer = sourceHash(config, nodes);
  return CLIENTS.map((client) => balancer.pick(available, client)?.node);
}

t.test('with one node away only its clients are elsewhere, on the others by weight, and they come back', async (t) => {
  const nodes = candidates({ a: 1, b: 2, c: 3 });
  const before = mapping(nodes);
  for (const lost of nodes) {
    const left = nodes.filter((node) => node !== lost);
    const during = mapping(nodes, left);
    const moved = CLIENTS.flatMap((_, i) => (before[i] === during[i] ? [] : [before[i]]));
    const theirs = before.filter((node) => node === lost.node).length;
    t.strictSame(tally(moved), { [lost.node]: theirs }, `${lost.node} away`);
    const went = tally(during.filter((_, i) => before[i] === lost.node));
    const sum = left.reduce((all, { weight }) => all + weight, 0);
    for (const { node, weight } of left) {
      const fair = (theirs * weight) / sum;
      const got = went[node] ?? 0;
      t.ok(Math.abs(got - fair) < 4 * Math.sqrt(fair), `${node} takes ${got} of them, ${fair} is fair`);
    }
  }
  t.strictSame(mapping(nodes), before);
});

t.test('the lost clients go where rendezvous over the others sends them', async (t) => {
  const nodes = candidates({ a: 1, b: 1, c: 1 });
  const left = nodes.slice(1);
  const before = mapping(nodes);
  const during = mapping(nodes, left);
  const byRendezvous = mapping(nodes, left, hashConfig());
  let wrong = 0;
  for (let i = 0; i < CLIENTS.length; i++) if (before[i] === 'a' && during[i] !== byRendezvous[i]) wrong++;
  t.equal(wrong, 0);
});

t.test('the map is not masked, and v4_mapped changes it', async (t) => {
  const nodes = candidates({ a: 1, b: 1, c: 1 });
  const balancer = sourceHash(haproxy({ prefixV4: 8, prefixV6: 16 }), nodes);
  const at = (client: string) => balancer.pick(nodes, client)?.node;
  t.strictSame(['10.0.0.0', '10.0.0.1', '10.0.0.2'].map(at), ['b', 'c', 'a'], '10.0.0.0 is 167772160, 1 modulo 3');
  t.equal(at('::ffff:10.0.0.1'), 'c', 'an IPv4-mapped address is the IPv4 client');
  t.strictSame(['2001:db8::1', '2001:db8::2', '2001:db8::3'].map(at), ['a', 'b', 'c'], '20010db9 is 0 modulo 3');
  t.not(
    JSON.stringify(mapping(nodes)),
    JSON.stringify(mapping(nodes, nodes, haproxy({ v4Mapped: true }))),
    'the two binds map differently',
  );
});

t.test('a client without an address goes by rendezvous', async (t) => {
  const nodes = candidates({ a: 1, b: 1, c: 1 });
  t.equal(
    sourceHash(haproxy(), nodes).pick(nodes, undefined)?.node,
    sourceHash(hashConfig(), nodes).pick(nodes, undefined)?.node,
  );
});

t.test('with a bound a mapped node over its share is left for the best one with room', async (t) => {
  const nodes = candidates({ a: 1, b: 1, c: 1 });
  const balancer = sourceHash(haproxy({ bound: 1.25 }), nodes);
  t.equal(balancer.pick(nodes, '10.0.0.0')?.node, 'b');
  for (const node of nodes) node.active = node.node === 'b' ? 5 : 2;
  // ⌈1.25 × 10 / 3⌉ is 5: b holds that already.
  const without = nodes.filter(({ node }) => node !== 'b');
  const expected = sourceHash(hashConfig(), nodes).pick(without, '10.0.0.0')?.node;
  t.equal(balancer.pick(nodes, '10.0.0.0')?.node, expected);
  for (const node of nodes) node.active = 2;
  t.equal(balancer.pick(nodes, '10.0.0.0')?.node, 'b', 'and home again');
});
