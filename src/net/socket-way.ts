// Which sockets the process accepts and dials with: Node's own, or raw ones where a self-test has seen them work in this
// very process. Both pass the same tests.

import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { Connection, type Sink } from './connection.ts';
import { type Binding, findRawKit, type Handle, type RawKit } from './raw-kit.ts';

export type SocketWay = { readonly kind: 'plain' } | { readonly kind: 'raw'; readonly kit: RawKit };

export const PLAIN_SOCKETS: SocketWay = { kind: 'plain' };

/** What a listening server's handle must offer. */
interface ServerHandle {
  onconnection: (status: number, handle: Handle | undefined) => void;
  setNoDelay(on: boolean): number;
  setKeepAlive(on: boolean, seconds: number): number;
}

/** Raw sockets where they work, within `patienceMs`; else Node's own. */
export async function chooseSockets(binding: Binding, patienceMs = 2000): Promise<SocketWay> {
  const kit = findRawKit(binding);
  return kit !== undefined && (await rawSocketsWork(kit, patienceMs)) ? { kind: 'raw', kit } : PLAIN_SOCKETS;
}

/** From now on this listening server gives its clients to `accept`, as raw connections, and emits no `connection`. */
export function acceptRaw(
  server: Server,
  kit: RawKit,
  keepaliveMs: number | false,
  accept: (client: Connection) => void,
): { setKeepalive(ms: number | false): void } {
  const { _handle: handle } = server as unknown as { _handle: ServerHandle };
  if (typeof handle.onconnection !== 'function')
    throw new Error('this Node has no server handle of the expected shape');
  // Sockets accepted on Linux inherit these from the listening one: no system calls for each.
  handle.setNoDelay(true);
  const setKeepalive = (ms: number | false) =>
    handle.setKeepAlive(ms !== false, ms === false ? 0 : Math.ceil(ms / 1000));
  if (keepaliveMs !== false) setKeepalive(keepaliveMs);
  const { onconnection: plain } = handle;
  handle.onconnection = (status, client) => {
    if (status !== 0 || client === undefined) {
      // A failed accept is Node's to report, as an `error` of the server.
      plain.call(handle, status, client);
      return;
    }
    const connection = Connection.raw(kit, client);
    accept(connection);
    connection.socket.start();
  };
  return { setKeepalive };
}

/** More than the kernel takes at once, so that writes have to wait. */
const BULK_BYTES = 8 << 20;

/** Dials and accepts on loopback: a large echo through waiting writes, a FIN both ways, a refusal, a reset. */
async function rawSocketsWork(kit: RawKit, patienceMs: number): Promise<boolean> {
  const signal = AbortSignal.timeout(patienceMs);
  const server = createServer();
  const accepted: Connection[] = [];
  try {
    server.listen({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening', { signal });
    acceptRaw(server, kit, 60_000, (client) => {
      client.sink = ECHO;
      accepted.push(client);
    });
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    const echo = await echoed(kit, port, signal);
    const reset = await resetSeen(port, accepted, signal);
    return echo && reset;
  } catch {
    return false;
  } finally {
    for (const client of accepted) client.socket.destroy();
    server.close();
  }
}

/** Sends it all through a raw dial and a FIN after it; whether the same bytes came back before the FIN did. */
function echoed(kit: RawKit, port: number, signal: AbortSignal): Promise<boolean> {
  const bulk = Buffer.alloc(BULK_BYTES, 'raw sockets?');
  return new Promise((resolve, reject) => {
    let heard = 0;
    const sink: Sink = {
      onData: (bytes) => {
        if (bytes.equals(bulk.subarray(heard, heard + bytes.length))) heard += bytes.length;
        return true;
      },
      onEnd: (from) => from.finish(),
      onDrain: () => {},
      onClose: (from) => {
        from.release();
        resolve(heard === bulk.length);
      },
    };
    const raw = Connection.raw(kit, kit.newHandle(), sink);
    signal.addEventListener('abort', () => {
      raw.socket.destroy();
      reject(new Error('no echo in time'));
    });
    raw.socket.connect('127.0.0.1', port, undefined, () => {
      raw.write(bulk);
      raw.finish();
    });
  });
}

/** Whether a client sees the reset of an accepted raw socket as one. */
async function resetSeen(port: number, accepted: readonly Connection[], signal: AbortSignal): Promise<boolean> {
  const client = connect({ host: '127.0.0.1', port });
  const failed = once(client, 'error', { signal });
  client.write('?');
  await once(client, 'data', { signal });
  accepted.at(-1)?.reset();
  const [error] = (await failed) as [NodeJS.ErrnoException];
  client.destroy();
  return error.code === 'ECONNRESET';
}

const ECHO: Sink = {
  onData: (bytes, from) => from.write(bytes),
  onEnd: (from) => from.finish(),
  onDrain: (from) => from.resume(),
  onClose: (from) => from.release(),
};
