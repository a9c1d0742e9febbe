// The proper end of a probe's connection: our end is sent (over TLS with a close_notify), the server's is waited for.

import type { Duplex } from 'node:stream';
import type { GiveUpSignal } from './give-up.ts';

/**
 * Resolves when the socket is closed; an aborted signal ends the waiting. `unread`: the server may have much more to say;
 * it is told that we leave, and not listened to.
 */
export function closeGently(socket: Duplex, signal: GiveUpSignal, unread = false): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) {
      resolve();
      return;
    }
    // What end() has to send is with the kernel by then, or never will be.
    const destroySoon = (): void => {
      setImmediate(() => socket.destroy());
    };
    socket.on('error', () => {});
    socket.once('close', () => {
      signal.removeEventListener('abort', destroySoon);
      resolve();
    });
    if (!socket.writableEnded) socket.end();
    if (unread || signal.aborted) {
      destroySoon();
      return;
    }
    signal.addEventListener('abort', destroySoon, { once: true });
    socket.resume();
  });
}
