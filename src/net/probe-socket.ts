// A plain connect for probes and the doctor: one address, no names, no retry. It has no deadline of its own: whoever asks
// aborts the signal. Sessions dial with dial.ts.

import { connect, type Socket } from 'node:net';
import { formatHostPort } from '../core/address.ts';
import { dialError, dialTimeout } from './socket-error.ts';

export interface ProbeSocketTarget {
  readonly address: string;
  readonly port: number;
  /** The local address to connect from. */
  readonly from?: string | undefined;
}

/**
 * A connected socket. Rejects with a DialError; an aborted signal is a connect timeout. The signal no longer matters once
 * the socket is handed over.
 */
export function connectProbe(target: ProbeSocketTarget, signal: AbortSignal): Promise<Socket> {
  const name = formatHostPort(target.address, target.port);
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(dialTimeout(name));
      return;
    }
    const socket = connect({
      host: target.address,
      port: target.port,
      autoSelectFamily: false,
      ...(target.from === undefined ? {} : { localAddress: target.from }),
    });
    const settle = (act: () => void): void => {
      socket.off('connect', onConnect);
      socket.off('error', onError);
      signal.removeEventListener('abort', onAbort);
      act();
    };
    const onConnect = (): void => settle(() => resolve(socket));
    const onError = (error: Error): void => settle(() => reject(dialError(error, name)));
    const onAbort = (): void =>
      settle(() => {
        // Nobody else will hear of what still happens to it.
        socket.on('error', () => {});
        socket.destroy();
        reject(dialTimeout(name));
      });
    socket.once('connect', onConnect);
    socket.once('error', onError);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
