// Clients in numbers that say nothing: they connect, wait, and leave together.

import { connect, type Socket } from 'node:net';
import type { ClientSeen } from './account.ts';
import { FIRST_PORT } from './plan.ts';

export class Crowd {
  readonly seen: ClientSeen[] = [];
  readonly #target: { readonly service: string; readonly address: string; readonly port: number };
  #sockets: Socket[] = [];
  #count = 0;

  constructor(target: { readonly service: string; readonly address: string; readonly port: number }) {
    this.#target = target;
  }

  come(count: number): void {
    for (let i = 0; i < count; i++) this.#sockets.push(this.#one());
  }

  go(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets = [];
  }

  #one(): Socket {
    const { service, address: host, port } = this.#target;
    const id = `crowd${this.#count}`;
    const [localAddress, localPort] = ['127.20.3.1', FIRST_PORT + this.#count++];
    const socket = connect({ host, port, localAddress, localPort });
    const from = `${localAddress}:${localPort}`;
    const startedAt = Date.now();
    let connectedAt = 0;
    socket.on('connect', () => {
      connectedAt = Date.now();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      const endedAt = Date.now();
      const seen = {
        id,
        service,
        from,
        connectedAt: connectedAt || startedAt,
        endedAt,
        nodes: [],
        fault: '',
        read: 0,
        written: 0,
        clean: false,
      };
      // Who is turned away has not been cut: there was no room.
      this.seen.push({ ...seen, behaviour: 'leave', outcome: connectedAt === 0 ? 'not-connected' : 'own' });
    });
    return socket;
  }
}
