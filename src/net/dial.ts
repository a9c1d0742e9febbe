// One connect attempt to an IP address. Gives a connection that is being made; its sink hears `onClose` when it failed.
// No timer: whoever dials sweeps. No names: those are the resolver's.

import { connect } from 'node:net';
import { Connection, readInto, type Sink, SOCKET_OPTIONS } from './connection.ts';
import { ReadBuffer } from './read-buffer.ts';

export interface DialTarget {
  /** An IP address. */
  readonly address: string;
  readonly port: number;
  /** The local address to dial from; undefined: the kernel chooses. */
  readonly sourceAddress: string | undefined;
}

/** Starts one dial. `connected` is called once, when the connection stands; else `sink.onClose` says why not. */
export function dial(target: DialTarget, sink: Sink, connected: (connection: Connection) => void): Connection {
  const buffer = new ReadBuffer();
  const socket = connect({
    ...SOCKET_OPTIONS,
    host: target.address,
    port: target.port,
    ...(target.sourceAddress === undefined ? {} : { localAddress: target.sourceAddress }),
    // An address is dialled as it is: no second guess after 250 ms, no lookup.
    autoSelectFamily: false,
    onread: readInto(buffer, (n) => connection.read(n)),
  });
  const connection: Connection = new Connection(socket, sink, buffer);
  socket.once('connect', () => connected(connection));
  return connection;
}
