// The `tcp` probe: it connects, and closes with a reset, so that the node keeps nothing of it. Sees that somebody
// listens, not that anybody serves.

import { broken, dialFailed, noAnswer, targetName } from './failures.ts';
import type { Network, Probe } from './probe.ts';
import { talk } from './talk.ts';

/** `preamble`: a PROXY header for a port that waits for one. */
export function tcpProbe(network: Network, preamble: Buffer | undefined): Probe {
  return async (target, run) => {
    const talked = await talk(network, target, preamble, run.signal, undefined);
    switch (talked.how) {
      case 'heard':
        return { ok: true };
      case 'unconnected':
        return dialFailed(talked.error);
      case 'broken':
        return broken(`connect to ${targetName(target)}`, talked.error);
      case 'ended':
      case 'silent':
        return noAnswer(`connect to ${targetName(target)}`, run);
      default:
        return talked satisfies never;
    }
  };
}
