// What should have broken a node and didn't is told, with how the node was found instead.

import t from 'tap';
import type { Fault, World } from '../../chaos/faults/fault.ts';
import { FAULTS } from '../../chaos/faults/table.ts';
import { Random } from '../../chaos/random.ts';
import { chaosNode } from '../fixtures/chaos-node.ts';

const node = await chaosNode(t, '127.20.9.1');
const world = { node: () => node } as unknown as World;
const struck = { world, node: 'proxy01', random: new Random(1), forMs: 0 } as const;

/**
 * Until it is told of a fault that it has not struck, and how the node was found: by a late machine, or behind a queue that has
 * just been full, an answer is silence at first.
 */
async function toldToMiss(fault: Fault): Promise<void> {
  for (let words = ''; !/^asked directly, the node (answers|has a good certificate)$/.test(words); ) {
    words = (await fault.missed?.(struck)) ?? '';
  }
}

for (const name of ['kill', 'stop', 'fill', 'refuse', 'mute', 'wrong-certificate'] as const) {
  t.test(`${name}: told where it misses, and not where it strikes`, async (t) => {
    const fault = FAULTS[name];
    await toldToMiss(fault);
    const mend = await fault.begin(struck);
    t.equal(await fault.missed?.(struck), undefined);
    await mend();
  });
}

t.test('a black hole that lets packets through is told', async (t) => {
  await toldToMiss(FAULTS['black-hole']);
  t.pass('by a node that answers');
});
