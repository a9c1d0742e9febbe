// `chargehand show`.

import { showConfig } from '../config/show.ts';
import type { Command } from './command.ts';
import { EXIT } from './host.ts';

export const show: Command = {
  name: 'show',
  summary: 'print the effective configuration, with the origin of each value',
  async run(given, host) {
    host.write(await showConfig(given.config));
    return EXIT.done;
  },
};
