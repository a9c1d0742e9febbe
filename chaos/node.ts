// One node, a process of its own: answers health checks and the talk of protocol.ts on every port, and misbehaves as it is
// told. Tells its parent of each session how it ended and how many bytes it saw; decides nothing itself.

import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { type Answers, answersOf } from '../demo/answers.ts';
import { NodeSession } from './node-session.ts';

export interface NodeSetup {
  readonly name: string;
  readonly address: string;
  readonly signs: boolean;
  readonly lbName: string;
  readonly ports: readonly { readonly port: number; readonly tls: boolean; readonly answers: string }[];
  /** Files, PEM. */
  readonly authority: string;
  readonly right: { readonly certificate: string; readonly key: string };
  /** Signed by somebody whom no client trusts. */
  readonly wrong: { readonly certificate: string; readonly key: string };
}

export type Order =
  /** The ports are closed; what runs goes on. */
  | 'refuse'
  | 'listen'
  /** Connections are taken and left alone. */
  | 'mute'
  | 'unmute'
  /** Answers trickle. */
  | 'slow'
  | 'fast'
  /** Every connection ends with a RST. */
  | 'reset'
  | 'wrong-certificate'
  | 'right-certificate';

/** How a node saw a session end. */
export interface NodeSeen {
  readonly id: string;
  /** Whom it was connected to: the balancer's `ip:port`. */
  readonly remote: string;
  /** Bytes of TCP. */
  readonly read: number;
  readonly written: number;
  /** Empty: every byte was as it must be. */
  readonly fault: string;
  /** It was told to cut it. */
  readonly cut: boolean;
  /** Both sides ended with a FIN. */
  readonly clean: boolean;
}

export type NodeMessage =
  | { readonly ready: true }
  | { readonly done: number }
  | { readonly began: { readonly id: string; readonly remote: string } }
  | { readonly seen: NodeSeen };

const tell = (message: NodeMessage): void => void process.send?.(message);

class Node {
  readonly #setup: NodeSetup;
  readonly #servers: Server[] = [];
  readonly #sessions = new Set<NodeSession>();
  readonly #muted: (() => void)[] = [];
  readonly #contexts: { readonly right: SecureContext; readonly wrong: SecureContext };
  #mute = false;
  #slow = false;
  #context: SecureContext;

  constructor(setup: NodeSetup) {
    const read = ({ certificate, key }: NodeSetup['right']) =>
      createSecureContext({ cert: readFileSync(certificate), key: readFileSync(key) });
    this.#setup = setup;
    this.#contexts = { right: read(setup.right), wrong: read(setup.wrong) };
    this.#context = this.#contexts.right;
    const ports = Object.fromEntries(setup.ports.map(({ port, answers }) => [answers, port]));
    const answers = answersOf({ ...setup, ports, authority: readFileSync(setup.authority, 'utf8') });
    for (const { port, tls, answers: service } of setup.ports) {
      const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
        this.#accepted(socket, tls, answers[service] ?? {}),
      );
      server.on('error', (error) => console.error(`${setup.name}: ${port}: ${error.message}`));
      this.#servers.push(server);
    }
  }

  async listen(): Promise<void> {
    const listening = this.#servers.map(
      (server, i) =>
        new Promise<void>((resolve) => {
          const port = this.#setup.ports[i]?.port ?? 0;
          // A small queue: a node that doesn't take connections is soon full.
          server.listen({ host: this.#setup.address, port, backlog: 32 }, resolve);
        }),
    );
    await Promise.all(listening);
  }

  async order(order: Order): Promise<void> {
    switch (order) {
      case 'refuse':
        for (const server of this.#servers) server.close();
        return;
      case 'listen':
        return await this.listen();
      case 'mute':
        this.#mute = true;
        return;
      case 'unmute':
        this.#mute = false;
        for (const begin of this.#muted.splice(0)) begin();
        return;
      case 'slow':
      case 'fast':
        this.#slow = order === 'slow';
        for (const session of this.#sessions) session.slow = this.#slow;
        return;
      case 'reset':
        for (const session of this.#sessions) session.cut();
        return;
      case 'wrong-certificate':
        this.#context = this.#contexts.wrong;
        return;
      case 'right-certificate':
        this.#context = this.#contexts.right;
        return;
      default:
        return order satisfies never;
    }
  }

  #accepted(socket: Socket, tls: boolean, answers: Answers[string]): void {
    socket.on('error', () => {});
    const begin = (): void => {
      if (socket.destroyed) return;
      const session = new NodeSession({
        socket,
        name: this.#setup.name,
        context: tls ? this.#context : undefined,
        answers,
        began: (began) => tell({ began }),
        ended: (seen) => {
          this.#sessions.delete(session);
          if (seen !== undefined) tell({ seen });
        },
      });
      session.slow = this.#slow;
      this.#sessions.add(session);
    };
    if (this.#mute) this.#muted.push(begin);
    else begin();
  }
}

const node = new Node(JSON.parse(process.argv[2] ?? '') as NodeSetup);
process.on('message', ({ order, number }: { order: Order; number: number }) => {
  void node.order(order).then(() => tell({ done: number }));
});
process.on('disconnect', () => process.exit());
await node.listen();
tell({ ready: true });
