// From the `balance` of the file to the strategy that does it. Decides nothing else.

import type { BalanceConfig } from '../config/config.ts';
import type { Balancer, ConfiguredNode } from './balancer.ts';
import { leastConnections } from './least-connections.ts';
import { pinned } from './pinned.ts';
import { randomTwo } from './random-two.ts';
import { roundRobin } from './round-robin.ts';
import { sourceHash } from './source-hash.ts';

/**
 * The balancer of one service. `specs` are all its backends in the order of the file; only `method: haproxy` reads them.
 * `random` gives numbers from 0 up to, not including, 1; only `random` draws from it.
 */
export function createBalancer(
  config: BalanceConfig,
  specs: readonly ConfiguredNode[],
  random: () => number = Math.random,
): Balancer {
  switch (config.strategy) {
    case 'roundrobin':
      return roundRobin();
    case 'leastconn':
      return leastConnections();
    case 'random':
      return randomTwo(random);
    case 'source':
      return sourceHash(config.hash, specs);
    case 'pinned':
      return pinned(config.node);
    default:
      return config satisfies never;
  }
}
