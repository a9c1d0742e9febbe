// Which relay the process runs, decided once at its start: the native one where it loads and a self-test has seen it move
// bytes, pass on a FIN and pass on a RST in this very process; else the one on Node's own sockets.

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { availableParallelism } from 'node:os';
import type { RelayConfig } from '../config/config.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { ChargehandError } from '../errors.ts';
import { Connection, SOCKET_OPTIONS } from './connection.ts';
import { type Loaded, loadNative, type NativeAddon } from './native-addon.ts';
import type { RelayOutcome, StartRelay } from './relay.ts';
import { NativeRelays } from './relay-native.ts';
import { startNetRelay } from './relay-net.ts';

export interface RelayChoice {
  readonly kind: 'net' | 'native';
  readonly start: StartRelay;
  /** Why this one, in a few words. */
  readonly reason: string;
  /** Threads that move bytes beside the one of JavaScript. */
  readonly threads: number;
  /** Descriptors that it may hold beside those of its sessions. */
  readonly descriptors: number;
  /** For a watchdog: whether every thread has made a turn since this was asked last. */
  moved(): boolean;
  /** Once no session runs any more. */
  close(): void;
}

/** Pipes of all threads: more are no use, and the kernel's memory for a user's pipes is finite. */
const MOST_PIPES = 256;
/** Of the descriptors so many times fewer pipes. */
const DESCRIPTORS_PER_PIPE = 64;

/** `descriptors`: how many the process may hold. `loaded`, `clock`: for tests. Rejects where the file demands a relay that can't run. */
export async function chooseRelay(
  { kind, threads: wanted }: RelayConfig,
  descriptors: number,
  loaded: () => Loaded = loadNative,
  clock: Clock = systemClock,
): Promise<RelayChoice> {
  if (kind === 'net') return net('the file says so');
  const { addon, why } = { why: '', ...loaded() };
  if (addon === undefined) return without(kind, why);
  const threads = wanted === 'auto' ? availableParallelism() : wanted;
  const pipes = Math.min(MOST_PIPES, Math.floor(descriptors / DESCRIPTORS_PER_PIPE));
  const fault = await faultOf(addon, clock);
  if (fault !== undefined) return without(kind, fault);
  const relays = new NativeRelays(addon, threads, pipes);
  return {
    kind: 'native',
    start: relays.start,
    reason: kind === 'native' ? 'the file says so' : 'it loads and works here',
    threads,
    // Those of the pipes; an epoll and a wake-up of each thread.
    descriptors: 2 * (pipes + threads),
    moved: () => relays.moved(),
    close: () => relays.close(),
  };
}

function net(reason: string): RelayChoice {
  return { kind: 'net', start: startNetRelay, reason, threads: 0, descriptors: 0, moved: () => true, close: () => {} };
}

function without(kind: RelayConfig['kind'], why: string): RelayChoice {
  if (kind !== 'native') return net(`no native relay: ${why}`);
  throw new ChargehandError('no-native-relay', `relay.kind native: ${why}; kind: auto does without it`, {
    side: 'proxy',
  });
}

/** More than the kernel takes at once, and enough to be spliced. */
const BULK = Buffer.alloc(4 << 20, 'native relay?');
/** A machine that boots is busy, and what is found here holds for as long as the process lives. */
const PATIENCE_MS = 20_000;

/** What the self-test found; undefined: all is well. */
async function faultOf(addon: NativeAddon, clock: Clock): Promise<string | undefined> {
  let relays: NativeRelays | undefined;
  const sockets: Socket[] = [];
  const server = createServer({ ...SOCKET_OPTIONS, pauseOnConnect: true });
  const patience = new AbortController();
  const { signal } = patience;
  const timer = clock.after(PATIENCE_MS, () => patience.abort());
  try {
    relays = new NativeRelays(addon, 1, 2);
    server.listen({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening', { signal });
    const scene = { server, sockets, start: relays.start, signal };
    const echo = await session(scene, async (client, backend) => {
      backend.pipe(backend);
      client.end(BULK);
      const chunks: Buffer[] = [];
      client.on('data', (chunk: Buffer) => chunks.push(chunk));
      await once(client, 'end', { signal });
      return Buffer.concat(chunks).equals(BULK);
    });
    if (echo !== 'completed') return `its self-test failed: an echo, ${echo}`;
    const reset = await session(scene, async (client, backend) => {
      const failed = once(client, 'error', { signal });
      backend.resetAndDestroy();
      client.resume();
      const [error] = (await failed) as [NodeJS.ErrnoException];
      return error.code === 'ECONNRESET';
    });
    return reset === 'backend-reset' ? undefined : `its self-test failed: a reset, ${reset}`;
  } catch (error) {
    if (signal.aborted) return `its self-test was not over within ${PATIENCE_MS / 1000} s`;
    return `its self-test failed: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    timer.cancel();
    for (const socket of sockets) socket.destroy();
    server.close();
    relays?.close();
  }
}

interface Scene {
  readonly server: Server;
  readonly sockets: Socket[];
  readonly start: StartRelay;
  readonly signal: AbortSignal;
}

/** A session between two pairs of sockets; how it ended, where `act` saw what it should. */
async function session(
  scene: Scene,
  act: (client: Socket, backend: Socket) => Promise<boolean>,
): Promise<RelayOutcome['end'] | 'not handed over' | 'not as it should be'> {
  const [client, accepted] = await pair(scene);
  const [dialled, backend] = await pair(scene);
  const ended = new Promise<RelayOutcome['end'] | undefined>((resolve) => {
    scene.signal.addEventListener('abort', () => resolve(undefined));
    scene.start({
      clock: systemClock,
      client: Connection.accepted(accepted),
      backend: Connection.accepted(dialled),
      bytesIn: 0,
      bytesOut: 0,
      firstByte: () => {},
      done: (outcome) => resolve(outcome?.end),
    });
  });
  // Nothing of these is buffered in Node: by now they are handed over.
  await Promise.resolve();
  if (!accepted.destroyed || !dialled.destroyed) return 'not handed over';
  const right = await act(client, backend);
  const end = right ? await ended : undefined;
  scene.signal.throwIfAborted();
  return end ?? 'not as it should be';
}

async function pair({ server, sockets, signal }: Scene): Promise<[dialled: Socket, accepted: Socket]> {
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const coming = once(server, 'connection', { signal }) as Promise<[Socket]>;
  const dialled = connect({ ...SOCKET_OPTIONS, host: '127.0.0.1', port });
  sockets.push(dialled.on('error', () => {}));
  const connected = once(dialled, 'connect', { signal });
  const [[accepted]] = await Promise.all([coming, connected]);
  sockets.push(accepted.on('error', () => {}));
  return [dialled, accepted];
}
