// What should have broken a node and didn't is told, with how the node was found instead.

import { rmSync } from 'node:fs';
import t from 'tap';
import { certificatesIn } from '../../chaos/certificates.ts';
import type { Fault, World } from '../../chaos/faults/fault.ts';
import { FAULTS } from '../../chaos/faults/table.ts';
import { makeCertificates } from '../../chaos/make-certificates.ts';
import { NodeProcess } from '../../chaos/node-process.ts';
import { Random } from '../../chaos/random.ts';

const directory = await makeCertificates();
const { authority, of, wrong } = certificatesIn(directory);
const node = new NodeProcess({
  name: 'proxy01',
  address: '127.20.9.1',
  signs: true,
  lbName: 'smartproxy.example.test',
  ports: [
    { port: 10_080, tls: false, answers: 'http' },
    { port: 10_443, tls: true, answers: 'https' },
  ],
  authority,
  right: of('proxy01'),
  wrong,
});
t.teardown(async () => {
  await node.kill();
  rmSync(directory, { recursive: true });
});
await node.start();

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
