// `chargehand run`, as the table of commands has it.

import type { Command } from './command.ts';

export const run: Command = {
  name: 'run',
  summary: 'run in the foreground',
  async run(given, host) {
    // Only now: the other commands start in half the time without all that a balancer is made of.
    const { runBalancer } = await import('./run-balancer.ts');
    return runBalancer(given, host);
  },
};
