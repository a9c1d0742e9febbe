// `chargehand version`.

import { readDescriptorLimit, USUAL_DESCRIPTORS } from '../control/descriptor-limit.ts';
import { kernelRelease } from '../control/kernel.ts';
import { chooseRelay } from '../net/relay-choice.ts';
import { type Command, flagOption } from './command.ts';
import { EXIT } from './host.ts';

export const version: Command = {
  name: 'version',
  summary: 'print the version',
  options: [{ flags: '--verbose', description: 'with Node, libuv, kernel, descriptor limit and relay' }],
  async run(given, host) {
    const { chargehand, node, uv } = host.versions;
    host.write(`chargehand ${chargehand}\n`);
    if (flagOption(given, 'verbose')) {
      const descriptors = readDescriptorLimit();
      const limit = descriptors === undefined ? 'unknown' : `${descriptors.soft} (hard ${descriptors.hard})`;
      host.write(`node ${node}\nlibuv ${uv}\nkernel ${kernelRelease()}\ndescriptor limit ${limit}\n`);
      const relay = await chooseRelay({ kind: 'auto', threads: 'auto' }, descriptors?.soft ?? USUAL_DESCRIPTORS);
      host.write(`relay ${relay.kind} (${relay.reason})\n`);
      relay.close();
    }
    return EXIT.done;
  },
};
