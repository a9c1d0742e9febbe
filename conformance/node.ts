// A node of a case: a real server on an address of its own, that serves, refuses or is silent, and can change its mind.

import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { silentPort } from '../test/fixtures/silent-port.ts';
import { until } from '../test/fixtures/until.ts';
import { End } from './end.ts';
import type { NodePlace, NodeSetup } from './setup.ts';

const PORT = 20_001;
const CHECK_PORT = 20_002;

export class TestNode {
  readonly place: NodePlace;
  /** Every connection, in order; those of health checks are not among them. */
  readonly visits: End[] = [];
  /** What it does with a connection at once; default: nothing, the case does. */
  serve: (visit: End) => void = () => {};
  /** Reads nothing until the case says so. */
  slow = false;
  /** Connections of health checks, up to now. */
  checksAccepted = 0;
  #server: Server | undefined;
  #checks: Server | undefined;
  readonly #closing: (() => unknown)[] = [];
  readonly #checkSockets = new Set<Socket>();

  constructor(place: NodePlace) {
    this.place = place;
  }

  /** Opens one on this address, which nobody else uses: a port of it that nobody listens on refuses. */
  static async open(name: string, setup: NodeSetup, host: string, checked: boolean): Promise<TestNode> {
    const { kind = 'serving', ill = false } = setup;
    const closing: (() => unknown)[] = [];
    const silent = kind === 'silent' ? { host: '127.0.0.1', port: await silentPort(teardownInto(closing)) } : undefined;
    const node = new TestNode({ name, setup, host, port: PORT, checkPort: CHECK_PORT, ...silent });
    node.#closing.push(...closing);
    if (kind === 'serving') await node.listen();
    if (checked && !ill) await node.recover();
    return node;
  }

  get name(): string {
    return this.place.name;
  }

  /** Begins to listen, again after `refuse`. */
  async listen(): Promise<void> {
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
      socket.setNoDelay();
      const visit = new End(socket, `${socket.remoteAddress}:${socket.remotePort}`);
      if (!this.slow) socket.resume();
      this.visits.push(visit);
      this.serve(visit);
    });
    await listening(this.#server, this.place.host, this.place.port);
  }

  /** From now on it refuses; connections that it has stay. */
  refuse(): void {
    // The port is given back at once, only the event of it waits for the connections.
    this.#server?.close();
    this.#server = undefined;
  }

  /** Its health checks succeed from now on. */
  async recover(): Promise<void> {
    const server = createServer((socket) => {
      this.checksAccepted++;
      this.#checkSockets.add(socket);
      socket.on('error', () => {}).once('close', () => this.#checkSockets.delete(socket));
      socket.resume();
    });
    this.#checks = server;
    await listening(server, this.place.host, this.place.checkPort);
  }

  /** Its health checks fail from now on. */
  fallIll(): void {
    this.#checks?.close();
    for (const socket of this.#checkSockets) socket.destroy();
    this.#checks = undefined;
  }

  /** The `n`-th connection, once there is one. */
  async visit(n = 0): Promise<End> {
    await until(() => this.visits.length > n, `connection ${n + 1} to node ${this.name}`);
    return this.visits[n] as End;
  }

  async close(): Promise<void> {
    this.refuse();
    this.fallIll();
    for (const { socket } of this.visits) socket.destroy();
    for (const close of this.#closing.splice(0)) await close();
  }
}

const teardownInto = (closing: (() => unknown)[]) => ({ teardown: (fn: () => unknown) => void closing.push(fn) });

async function listening(server: Server, host: string, port: number): Promise<void> {
  server.listen({ host, port });
  await once(server, 'listening');
}
