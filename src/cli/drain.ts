// `chargehand drain NODE`.

import type { Command } from './command.ts';
import { NODE_ARGUMENT, OUT_OPTIONS, orderNode } from './node-command.ts';

export const drain: Command = {
  name: 'drain',
  summary: 'send a node no new sessions; those that run may finish',
  details: [
    'The whole machine, in every service, unless --service names some. It is still probed. Running sessions stay unless ' +
      '--within says how long; with --close-over they are then ended one after the other, so that clients do not all ' +
      'come back at once. Interrupting --wait changes nothing.',
    "It is remembered over a reload and a restart, until chargehand ready, or until the file's state of this node changes.",
    'Two balancers do not talk: drain on both. What must hold is state: drain in both files.',
  ],
  examples: [
    ['chargehand drain proxy02 --within 10m --wait', 'empty a machine before it is upgraded; return when it is empty'],
    ['chargehand drain proxy02 --within 5m --close-over 60s', 'the same, gently to the other nodes'],
  ],
  arguments: [NODE_ARGUMENT],
  options: OUT_OPTIONS,
  run: (given, host) => orderNode('drain', given, host),
};
