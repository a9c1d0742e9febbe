// Accepting without the socket that Node builds for a server: the accepted handle is wrapped once, reads into a buffer of
// its own, and has its options from the listening socket. It uses names that Node keeps for itself, so it is used only
// after `rawAcceptWorks` has seen it work in this very process; Node's own way is the fallback.

import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { Connection, type Sink } from './connection.ts';

/** What a server's handle must offer. */
interface ServerHandle {
  onconnection: (status: number, handle: object | undefined) => void;
  setNoDelay(on: boolean): number;
  setKeepAlive(on: boolean, seconds: number): number;
}

/** From now on this listening server gives its clients to `accept`, and emits no `connection` any more. */
export function acceptRaw(server: Server, keepaliveMs: number | false, accept: (client: Connection) => void): void {
  const handle = handleOf(server);
  if (handle === undefined) throw new Error('this Node has no server handle of the expected shape');
  // Sockets accepted on Linux inherit these from the listening one: no system calls for each.
  handle.setNoDelay(true);
  if (keepaliveMs !== false) handle.setKeepAlive(true, Math.ceil(keepaliveMs / 1000));
  handle.onconnection = (status, client) => {
    // A failed accept is Node's to report, and there is nobody to serve.
    if (status === 0 && client !== undefined) accept(Connection.wrapped(client));
  };
}

function handleOf(server: Server): ServerHandle | undefined {
  const { _handle: handle } = server as unknown as { _handle?: Partial<ServerHandle> };
  const fits =
    typeof handle?.onconnection === 'function' &&
    typeof handle.setNoDelay === 'function' &&
    typeof handle.setKeepAlive === 'function';
  return fits ? (handle as ServerHandle) : undefined;
}

const QUESTION = Buffer.from('raw accept?');

/** Tries it on loopback: bytes both ways and a FIN both ways. False on anything unexpected, within `patienceMs`. */
export async function rawAcceptWorks(patienceMs = 1000): Promise<boolean> {
  const signal = AbortSignal.timeout(patienceMs);
  const server = createServer();
  const opened: Connection[] = [];
  try {
    server.listen({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening', { signal });
    acceptRaw(server, 60_000, (client) => {
      client.sink = ECHO;
      opened.push(client);
    });
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    const client = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    const heard: Buffer[] = [];
    client.on('data', (chunk: Buffer) => heard.push(chunk));
    client.end(QUESTION);
    await once(client, 'end', { signal });
    return Buffer.concat(heard).equals(QUESTION);
  } catch {
    return false;
  } finally {
    for (const client of opened) client.socket.destroy();
    server.close();
  }
}

const ECHO: Sink = {
  onData: (bytes, from) => from.write(Buffer.from(bytes)),
  onEnd: (from) => from.finish(),
  onDrain: (from) => from.resume(),
  onClose: (from) => from.release(),
};
