// Connections for probes and the doctor: one address, no names, no retry. A stream for what speaks TLS, a bare line for
// what doesn't. They have no deadline of their own: whoever asks gives up. Sessions dial with dial.ts.

import { connect, type Socket } from 'node:net';
import { formatHostPort } from '../core/address.ts';
import type { Sink } from './connection.ts';
import { dial } from './dial.ts';
import { dialError, dialTimeout } from './socket-error.ts';
import type { SocketWay } from './socket-way.ts';

export interface ProbeSocketTarget {
  readonly address: string;
  readonly port: number;
  /** The local address to connect from. */
  readonly from?: string | undefined;
}

/** Hears what becomes of a line; nothing is called before it was handed over. */
export interface ProbeLineOwner {
  connected(): void;
  /** Bytes that may be overwritten after it. */
  data(bytes: Buffer): void;
  ended(): void;
  /** Exactly once, at last: a DialError where it never stood, a connect timeout where it was closed before it did. */
  closed(error: Error | undefined): void;
}

export interface ProbeLine {
  write(bytes: Buffer): boolean;
  close(): void;
  reset(): void;
}

/** What is used of an AbortSignal. */
export interface ProbeSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void, options: { readonly once: true }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

export interface ProbeNetwork {
  connect(target: ProbeSocketTarget, signal: ProbeSignal): Promise<Socket>;
  open(target: ProbeSocketTarget, owner: ProbeLineOwner): ProbeLine;
}

export function probeNetwork(way: SocketWay): ProbeNetwork {
  return { connect: connectStream, open: (target, owner) => openLine(way, target, owner) };
}

function openLine(way: SocketWay, target: ProbeSocketTarget, owner: ProbeLineOwner): ProbeLine {
  const { address, port, from } = target;
  let stood = false;
  let fault: Error | undefined;
  const sink: Sink = {
    onData(bytes) {
      owner.data(bytes);
      return true;
    },
    onEnd: () => owner.ended(),
    onDrain: () => {},
    onClose(connection, error) {
      connection.release();
      owner.closed(fault ?? (stood ? error : whyNot(error, target)));
    },
  };
  const connection = dial(way, { address, port, sourceAddress: from }, sink, () => {
    stood = true;
    owner.connected();
  });
  connection.onFault = (error) => {
    fault = error instanceof Error ? error : new Error(String(error));
    connection.socket.destroy();
  };
  return {
    write: (bytes) => connection.write(bytes),
    close: () => void connection.socket.destroy(),
    reset: () => connection.reset(),
  };
}

function whyNot(error: Error | undefined, { address, port }: ProbeSocketTarget): Error {
  const name = formatHostPort(address, port);
  return error === undefined ? dialTimeout(name) : dialError(error, name);
}

/**
 * A connected socket. Rejects with a DialError; an aborted signal is a connect timeout. The signal no longer matters once
 * the socket is handed over.
 */
function connectStream(target: ProbeSocketTarget, signal: ProbeSignal): Promise<Socket> {
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
