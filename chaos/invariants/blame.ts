import type { Invariant } from '../account.ts';
import { TIMES } from '../services.ts';
import { during } from './books.ts';

/** So long after it was well again a node may still be taken out for what it was: the answers that it owes. */
const OWES_MS = TIMES.fall * TIMES.probeTimeoutMs + 3000;

/** No node is taken out that nothing happened to. */
export const BLAME: Invariant = {
  name: 'blame',
  timely: true,
  promise:
    'no node is taken out unless something happened to it: not by a late or a starved balancer, not by its clients',
  check: (account) =>
    account.flips
      .filter(({ to }) => to === 'down')
      .filter(({ at, node }) => !during(account, at - OWES_MS, at + 1000, (window) => window.node === node))
      .map(
        ({ service, node, reason }) => `${node} was taken out of ${service}, and nothing was wrong with it: ${reason}`,
      ),
};
