// `chargehand ready NODE`.

import type { Command } from './command.ts';
import { NODE_ARGUMENT, orderNode, READY_OPTIONS } from './node-command.ts';

export const ready: Command = {
  name: 'ready',
  summary: 'send a node sessions again',
  details: [
    'Takes back chargehand drain and maint. A node that was in maint gets sessions once a probe has succeeded.',
  ],
  examples: [['chargehand ready proxy02', 'after the upgrade']],
  arguments: [NODE_ARGUMENT],
  options: READY_OPTIONS,
  run: (given, host) => orderNode('ready', given, host),
};
