// The `tcp` probe: it connects, and closes with a reset, so that the node keeps nothing of it. Sees that somebody
// listens, not that anybody serves.

import { dial, isFailure } from './failures.ts';
import type { Connect, Probe } from './probe.ts';

/** `preamble`: a PROXY header for a port that waits for one. */
export function tcpProbe(connect: Connect, preamble: Buffer | undefined): Probe {
  return async (target, run) => {
    const socket = await dial(connect, target, preamble, run);
    if (isFailure(socket)) return socket;
    await new Promise<void>((resolve) => {
      if (socket.closed) resolve();
      else socket.once('close', () => resolve());
      socket.resetAndDestroy();
    });
    return { ok: true };
  };
}
