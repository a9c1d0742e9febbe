// docs/hash.md is the definition. Its tables hold for the code, and for a second implementation that shares none of it.

import { readFileSync } from 'node:fs';
import t from 'tap';
import { nameHashes } from '../../src/balancer/name-hashes.ts';
import { sourceHash } from '../../src/balancer/source-hash.ts';
import { candidates, hashConfig } from '../fixtures/candidates.ts';
import * as inBigInt from '../fixtures/rendezvous-in-bigint.ts';

/** The rows of all tables that have this many columns: their cells, without the marks. */
function rows(columns: number): string[][] {
  const text = readFileSync(new URL('../../docs/hash.md', import.meta.url), 'utf8');
  return text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.replaceAll('`', '').trim()),
    )
    .filter((cells) => cells.length === columns);
}

const hex = (value: bigint) => value.toString(16).padStart(16, '0');

interface Vector {
  readonly client: string;
  readonly v4: number;
  readonly v6: number;
  readonly key: Uint8Array;
  readonly hashes: readonly string[];
  readonly nodes: ReturnType<typeof candidates>;
  readonly order: readonly string[];
}

const VECTORS: readonly Vector[] = rows(9).map(
  ([client = '', v4, v6, key = '', h1 = '', h2 = '', h3 = '', w = '', order = '']) => {
    const [w1, w2, w3] = w.split(':').map(Number);
    return {
      client,
      v4: Number(v4),
      v6: Number(v6),
      key: Buffer.from(key === '-' ? '' : key, 'hex'),
      hashes: [h1, h2, h3],
      nodes: candidates({ proxy01: w1 ?? 0, proxy02: w2 ?? 0, proxy03: w3 ?? 0 }),
      order: order.split(' '),
    };
  },
);

t.test('there are twenty vectors', async (t) => {
  t.equal(VECTORS.length, 20);
});

for (const { client, v4, v6, key, hashes, nodes, order } of VECTORS) {
  t.test(`${client} by /${v4} and /${v6}, weights ${nodes.map(({ weight }) => weight)}`, async (t) => {
    t.strictSame(
      nodes.map(({ node }) => hex(inBigInt.hash(key, node))),
      hashes,
      'the hashes of key and names, in BigInt',
    );
    t.strictSame(inBigInt.ranking(key, nodes), order, 'the order, in BigInt');

    const balancer = sourceHash(hashConfig({ prefixV4: v4, prefixV6: v6 }), nodes);
    let left = nodes;
    const picked: (string | undefined)[] = [];
    while (left.length > 0) {
      const best = balancer.pick(left, client === '-' ? undefined : client);
      picked.push(best?.node);
      if (best === undefined) break;
      left = left.filter((node) => node !== best);
    }
    t.strictSame(picked, order, 'the order in which the code picks, each taken away in turn');
  });
}

t.test('the hashes of names', async (t) => {
  const table = rows(3);
  t.equal(table.length, 7);
  const names = nameHashes();
  for (const [name = '', fnv, mixed] of table) {
    const bytes = Buffer.from(name);
    t.equal(hex(inBigInt.fnv(bytes)), fnv, `${name}: fnv, in BigInt`);
    t.equal(hex(inBigInt.mix(inBigInt.fnv(bytes))), mixed, `${name}: mix, in BigInt`);
    const place = names.place(name, 0);
    const half = (value: number | undefined) => ((value ?? 0) >>> 0).toString(16).padStart(8, '0');
    t.equal(half(names.high[place]) + half(names.low[place]), mixed, `${name}: in the code`);
  }
});
