// `chargehand maint NODE`.

import type { Command } from './command.ts';
import { NODE_ARGUMENT, OUT_OPTIONS, orderNode } from './node-command.ts';

export const maint: Command = {
  name: 'maint',
  summary: 'send a node no new sessions, and do not probe it: no alarms',
  details: [
    'Like chargehand drain, and the node is not probed: what is done to it makes no noise. Running sessions stay unless ' +
      '--within says how long.',
  ],
  examples: [['chargehand maint proxy02', 'before a machine is taken apart']],
  arguments: [NODE_ARGUMENT],
  options: OUT_OPTIONS,
  run: (given, host) => orderNode('maint', given, host),
};
