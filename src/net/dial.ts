// One connect attempt to an IP address. Gives a connection that is being made; its sink hears `onClose` when it failed.
// No timer: whoever dials sweeps. No names: those are the resolver's.

import { connect } from 'node:net';
import { Connection, type Sink, SOCKET_OPTIONS } from './connection.ts';
import { readInto } from './read-buffer.ts';
import type { SocketWay } from './socket-way.ts';

export interface DialTarget {
  /** An IP address. */
  readonly address: string;
  readonly port: number;
  /** The local address to dial from; undefined: the kernel chooses. */
  readonly sourceAddress: string | undefined;
}

/** Starts one dial. `connected` is called once, when the connection stands; else `sink.onClose` says why not. */
export function dial(way: SocketWay, target: DialTarget, sink: Sink, connected: () => void): Connection {
  const { address, port, sourceAddress } = target;
  if (way.kind === 'raw') {
    const raw = Connection.raw(way.kit, way.kit.newHandle(), sink);
    raw.socket.connect(address, port, sourceAddress, connected);
    return raw;
  }
  const socket = connect({
    ...SOCKET_OPTIONS,
    host: address,
    port,
    ...(sourceAddress === undefined ? {} : { localAddress: sourceAddress }),
    // An address is dialled as it is: no second guess after 250 ms, no lookup.
    autoSelectFamily: false,
    onread: readInto((n) => connection.read(n)),
  });
  const connection: Connection = Connection.dialled(socket, sink);
  socket.once('connect', connected);
  return connection;
}
