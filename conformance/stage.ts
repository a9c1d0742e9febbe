// Where a case is played: a load balancer with one service, its nodes, and as many clients as the case opens.

import { connect } from 'node:net';
import { until } from '../test/fixtures/until.ts';
import { End } from './end.ts';
import { TestNode } from './node.ts';
import type { Running } from './products/product.ts';
import type { Service, Setup } from './setup.ts';

export interface ClientOptions {
  /** The address that it comes from. */
  readonly from?: string;
  /** It is the one whose line in the log counts; else the first is. */
  readonly logged?: boolean;
  /** Reads nothing until the case says so. */
  readonly slow?: boolean;
  /** Said at once, before anything else. */
  readonly says?: string;
}

/** A product may read a clock that the kernel turns on only with its ticks. */
const COARSE_MS = 10;

/** Says its name to every client, and ends with it: for cases that ask which node it was. */
const tellName = (node: TestNode) => {
  node.serve = (visit) => void visit.say(`${node.name}\n`).socket.once('end', () => visit.fin());
};

export class Stage {
  readonly service: Service;
  readonly #nodes: ReadonlyMap<string, TestNode>;
  readonly #clients: End[] = [];
  #running: Running | undefined;
  #turn: () => Promise<void> = async () => {
    throw new Error('it does not run yet');
  };
  #logged: readonly string[] | undefined;

  private constructor(service: Service, nodes: ReadonlyMap<string, TestNode>) {
    this.service = service;
    this.#nodes = nodes;
  }

  /** `hosts`: addresses that are this stage's alone; the first is where the product listens. */
  static async set(name: string, setup: Setup, hosts: readonly string[], path: string | undefined): Promise<Stage> {
    const nodes: TestNode[] = [];
    for (const [i, [node, nodeSetup]] of Object.entries(setup.nodes ?? { a: {} }).entries()) {
      nodes.push(await TestNode.open(node, nodeSetup, hosts[i + 1] ?? '', setup.check === true));
    }
    const listen = { host: hosts[0] ?? '', port: 20_003, path };
    const service = { name, listen, setup, nodes: nodes.map(({ place }) => place) };
    return new Stage(service, new Map(nodes.map((node) => [node.name, node])));
  }

  /** The product that runs with this stage's service. */
  get running(): Running {
    if (this.#running === undefined) throw new Error('it does not run yet');
    return this.#running;
  }

  begin(running: Running, turn: () => Promise<void>): void {
    this.#running = running;
    this.#turn = turn;
  }

  /** Waits until the product has dealt with everything that has come to it so far. */
  turn(): Promise<void> {
    return this.#turn();
  }

  /** The client whose line in the log counts, by every name that the log may give it. */
  get logged(): readonly string[] | undefined {
    return this.#logged;
  }

  /** Waits until the log has told this client's session: all of it is over then. */
  async toldInLog(client: End): Promise<void> {
    await this.whoIsTold([client.name]);
  }

  /** The logged client's line may also be one of those whom a PROXY header can be taken to name. */
  mayBeLoggedAs(names: readonly string[]): void {
    this.#logged = [...(this.#logged ?? []), ...names];
  }

  /** Waits until the log has told the session of one of these, and says whose. */
  async whoIsTold(names: readonly string[]): Promise<string> {
    const find = () => names.find((name) => this.running.logOf(this.service.name, name) !== undefined);
    await until(() => find() !== undefined, `the log tells of ${names.join(' or ')}`);
    return find() ?? '';
  }

  node(name = 'a'): TestNode {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new Error(`there is no node ${name}`);
    return node;
  }

  /** The service as it is without one of its nodes: for a reload. */
  without(node: string): Service {
    return { ...this.service, nodes: this.service.nodes.filter(({ name }) => name !== node) };
  }

  get nodes(): readonly TestNode[] {
    return [...this.#nodes.values()];
  }

  /** A client that is connected, as far as the kernel says. */
  async client(options: ClientOptions = {}): Promise<End> {
    const client = await this.tryClient(options);
    if (client === undefined) throw new Error('the connect was refused');
    return client;
  }

  /** The same; undefined: it was refused. */
  async tryClient({ from, logged = false, slow = false, says }: ClientOptions = {}): Promise<End | undefined> {
    const { host, port, path } = this.service.listen;
    const socket =
      path === undefined
        ? connect({ host, port, allowHalfOpen: true, autoSelectFamily: false, ...(from && { localAddress: from }) })
        : connect({ path, allowHalfOpen: true });
    // Asked before the connect is answered: of a socket that was reset at once it can't be asked any more.
    let name = '';
    process.nextTick(() => {
      if (path === undefined) name = `${socket.localAddress}:${socket.localPort}`;
    });
    const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      socket.once('error', resolve).once('connect', () => resolve(undefined));
    });
    if (error?.code === 'ECONNREFUSED') return undefined;
    if (error !== undefined && error.code !== 'ECONNRESET') throw error;
    socket.setNoDelay();
    const client = new End(socket, name);
    // Reset before the connect was even known.
    if (error !== undefined) client.saw = 'rst';
    if (slow) socket.pause();
    if (says !== undefined) client.say(says);
    this.#clients.push(client);
    if (logged || this.#logged === undefined) this.#logged = [client.name];
    return client;
  }

  /** A session that stands: its client and its visit to the node, which is the newest there. */
  async session(node = 'a', options: ClientOptions = {}): Promise<{ client: End; visit: End }> {
    const { visits } = this.node(node);
    const before = visits.length;
    const client = await this.client(options);
    client.say('hello');
    const visit = await this.node(node).visit(before);
    await visit.hears('hello');
    visit.say('welcome');
    await client.hears('welcome');
    return { client, visit };
  }

  /** Ends a session as clients do: the client closes, the node answers that. */
  async finish({ client, visit }: { client: End; visit: End }): Promise<void> {
    client.fin();
    await visit.ended();
    visit.fin();
    await client.ended();
  }

  /** From now on; how long it has been then, told as far as a busy machine lets one ask: this long or more, or too short. */
  watch(): (ms: number) => string {
    const began = performance.now();
    return (ms) => {
      const lasted = performance.now() - began;
      return lasted >= ms - COARSE_MS ? `${ms / 1000} s or more` : `${Math.round(lasted)} ms`;
    };
  }

  /** Every node says its name from now on. */
  nodesTellNames(): void {
    for (const node of this.nodes) tellName(node);
  }

  /** A client that a node has told its name, and still holds. It says nothing: what nobody reads makes a close a reset. */
  async held(options: ClientOptions = {}): Promise<{ client: End; node: string }> {
    const client = await this.client(options);
    await client.hears('\n');
    return { client, node: client.text.trim() };
  }

  /** Which node a new client gets: its name, or how the client was ended. */
  async ask(options: ClientOptions = {}): Promise<string> {
    const client = await this.tryClient(options);
    if (client === undefined) return 'refused';
    await until(() => client.text.includes('\n') || client.saw !== 'nothing', 'a name, or an end');
    if (client.length === 0) return await client.ended();
    client.fin();
    await client.ended();
    return client.text.trim();
  }

  async asks(times: number, options: ClientOptions = {}): Promise<readonly string[]> {
    const answers: string[] = [];
    for (let i = 0; i < times; i++) answers.push(await this.ask(options));
    return answers;
  }

  async strike(): Promise<void> {
    for (const { socket } of this.#clients) socket.destroy();
    for (const node of this.nodes) await node.close();
  }
}
