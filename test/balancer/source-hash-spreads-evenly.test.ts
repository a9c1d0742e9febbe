// Whether the hash is as good as chance on the addresses that real sites have: next to each other. Pearson's chi-square
// against the weights; the limit is what chance exceeds once in 10,000 times (Wilson and Hilferty's approximation).

import t from 'tap';
import { rendezvous } from '../../src/balancer/rendezvous.ts';
import { candidates, hashConfig, ipv4, ipv6, tally } from '../fixtures/candidates.ts';

const CLIENTS = 100_000;

const SITES: Readonly<Record<string, (i: number) => string>> = {
  'IPv4 addresses in a row': ipv4,
  'the first address of every IPv4 /24 in a row': (i) => `${10 + (i >>> 16)}.${(i >>> 8) & 0xff}.${i & 0xff}.1`,
  'IPv6 /64 networks in a row': ipv6,
  'IPv6 /56 networks in a row': (i) => `2001:db8:${(i >>> 8).toString(16)}:${((i & 0xff) << 8).toString(16)}::1`,
};

const GROUPS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'three nodes': { proxy01: 1, proxy02: 1, proxy03: 1 },
  'weights 1:2:3': { proxy01: 1, proxy02: 2, proxy03: 3 },
  'two nodes, short names': { a: 1, b: 1 },
  'ten nodes, names in a row': Object.fromEntries(
    Array.from({ length: 10 }, (_, i) => [`proxy${i}.example.net`, 1 + (i % 3)]),
  ),
};

function chiSquare(found: Readonly<Record<string, number>>, weights: Readonly<Record<string, number>>): number {
  const all = Object.values(found).reduce((a, b) => a + b, 0);
  const sum = Object.values(weights).reduce((a, b) => a + b, 0);
  return Object.entries(weights).reduce((chi, [node, weight]) => {
    const fair = (all * weight) / sum;
    return chi + ((found[node] ?? 0) - fair) ** 2 / fair;
  }, 0);
}

function limit(degrees: number): number {
  const z = 3.719;
  return degrees * (1 - 2 / (9 * degrees) + z * Math.sqrt(2 / (9 * degrees))) ** 3;
}

for (const [site, client] of Object.entries(SITES)) {
  t.test(site, async (t) => {
    for (const [group, weights] of Object.entries(GROUPS)) {
      const nodes = candidates(weights);
      const ranking = rendezvous(hashConfig());
      const homes = Array.from({ length: CLIENTS }, (_, i) => ranking.best(nodes, client(i))?.node);
      const chi = chiSquare(tally(homes), weights);
      const most = limit(nodes.length - 1);
      t.ok(chi < most, `${group}: chi-square ${chi.toFixed(2)} of at most ${most.toFixed(2)}`);
      if (nodes.length === 2) continue;

      // The clients of a node that is lost: over the others by weight, too, as if their home had never been.
      const [lost, ...others] = nodes;
      if (lost === undefined) throw new Error('the group has no nodes');
      const orphans = homes.flatMap((home, i) => (home === lost.node ? [ranking.best(others, client(i))?.node] : []));
      const rest = Object.fromEntries(others.map(({ node, weight }) => [node, weight]));
      const chiOfOrphans = chiSquare(tally(orphans), rest);
      const mostOfOrphans = limit(others.length - 1);
      t.ok(
        chiOfOrphans < mostOfOrphans,
        `${group}, ${orphans.length} clients of a lost node: ${chiOfOrphans.toFixed(2)} of at most ${mostOfOrphans.toFixed(2)}`,
      );
    }
  });
}
