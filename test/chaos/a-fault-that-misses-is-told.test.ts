// What should have broken a node and didn't is told, with how the node was found instead.

import t from 'tap';
import type { Fault, World } from '../../chaos/faults/fault.ts';
import { FAULTS } from '../../chaos/faults/table.ts';
import { Random } from '../../chaos/random.ts';
import { chaosNode } from '../fixtures/chaos-node.ts';

const node = await chaosNode(t, '127.20.9.1');
const world = { node: () => node } as unknown as World;
const struck = { world, node: 'proxy01', random: new Random(1), forMs: 0 } as const;

/** What is told of a fault that has not struck; to a machine that is late an answer is silence at first. */
async function told(fault: Fault): Promise<string> {
  for (;;) {
    const words = await fault.missed?.(struck);
    if (words !== undefined) return words;
  }
}

for (const name of ['kill', 'stop', 'fill', 'refuse', 'mute', 'wrong-certificate'] as const) {
  t.test(`${name}: told where it misses, and not where it strikes`, async (t) => {
    const fault = FAULTS[name];
    t.match(await told(fault), /^asked directly, the node (answers|has a good certificate)$/);
    const mend = await fault.begin(struck);
    t.equal(await fault.missed?.(struck), undefined);
    await mend();
  });
}

t.test('a black hole that lets packets through is told', async (t) => {
  t.equal(await told(FAULTS['black-hole']), 'asked directly, the node answers');
});
