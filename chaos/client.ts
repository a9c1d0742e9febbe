// One client of an episode: one session, as planned. Retries nothing, and says what it saw; judges nothing.

import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ClientSeen } from './account.ts';
import type { ClientPlan } from './plan.ts';
import { type Answer, download, Reader, readAnswer, requestLine, upload } from './protocol.ts';
import { LB_NAME } from './services.ts';

export interface Target {
  readonly address: string;
  readonly port: number;
  /** What TLS trusts, PEM; undefined: plain. */
  readonly authority: string | undefined;
}

/** Nobody waits for longer than any fault and its mending take. */
const PATIENCE_MS = 60_000;
const STOPS_READING_MS = 2000;

export function runClient(plan: ClientPlan, target: Target): Promise<ClientSeen> {
  return new Promise((resolve) => new Client(plan, target, resolve));
}

class Client {
  readonly #plan: ClientPlan;
  readonly #tcp: Socket;
  readonly #stream: Socket;
  readonly #done: (seen: ClientSeen) => void;
  readonly #nodes: string[] = [];
  readonly #reader: Reader;
  readonly #patience: NodeJS.Timeout;
  readonly #startedAt = Date.now();
  #connectedAt = 0;
  #from: string;
  #round = 0;
  #outcome: ClientSeen['outcome'] | undefined;
  #fault = '';
  #read = 0;
  #paused = false;
  #sawEnd = false;
  #all = false;

  constructor(plan: ClientPlan, { address, port, authority }: Target, done: (seen: ClientSeen) => void) {
    this.#plan = plan;
    this.#from = `${plan.address}:${plan.port}`;
    this.#done = done;
    this.#reader = new Reader({
      line: (text) => this.#answered(text),
      whole: () => this.#roundDone(),
      wrong: (what) => this.#leave('wrong-bytes', what),
    });
    const half = authority === undefined;
    this.#tcp = connect({
      host: address,
      port,
      localAddress: plan.address,
      localPort: plan.port,
      noDelay: true,
      allowHalfOpen: half,
    });
    this.#tcp.on('connect', () => this.#connected());
    this.#stream =
      authority === undefined
        ? this.#tcp
        : connectTls({ socket: this.#tcp, ca: authority, servername: LB_NAME }, () => void this.#ask());
    this.#stream.on('data', (bytes: Buffer) => this.#heard(bytes));
    this.#stream.on('end', () => this.#ended());
    this.#stream.on('error', (error: NodeJS.ErrnoException) => this.#failed(error));
    if (this.#tcp !== this.#stream) this.#tcp.on('error', (error) => this.#failed(error));
    this.#tcp.on('close', () => this.#closed());
    this.#patience = setTimeout(() => this.#leave('hung', 'nothing more came'), PATIENCE_MS);
  }

  #connected(): void {
    this.#connectedAt = Date.now();
    this.#from = `${this.#plan.address}:${this.#tcp.localPort}`;
    if (this.#plan.behaviour === 'leave') {
      this.#outcome = 'own';
      this.#tcp.destroy();
    } else if (this.#stream === this.#tcp) void this.#ask();
  }

  async #ask(): Promise<void> {
    const { id, rounds, ending } = this.#plan;
    const round = rounds[this.#round];
    if (round === undefined) return;
    const last = this.#round === rounds.length - 1;
    const request = { id, round: this.#round, ...round, ending: last ? ending : ('-' as const) };
    this.#stream.write(requestLine(request));
    for (const chunk of upload(request)) {
      if (this.#stream.destroyed) return;
      if (!this.#stream.write(chunk)) await this.#drained();
    }
    if (request.ending === 'half') this.#stream.end();
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#stream.off('drain', done);
        this.#tcp.off('close', done);
        resolve();
      };
      this.#stream.on('drain', done);
      this.#tcp.on('close', done);
    });
  }

  #answered(line: string): Iterable<Buffer> | undefined {
    const answer = readAnswer(line);
    const planned = this.#plan.rounds[this.#round];
    if (answer?.id !== this.#plan.id || answer.round !== this.#round || answer.down !== planned?.down) return undefined;
    if (!this.#nodes.includes(answer.node)) this.#nodes.push(answer.node);
    return download(answer satisfies Answer);
  }

  #heard(bytes: Buffer): void {
    this.#read += bytes.length;
    const { behaviour, afterBytes } = this.#plan;
    const due = this.#read > afterBytes && this.#outcome === undefined;
    if (behaviour === 'vanish' && due) {
      this.#leave('own', '');
      return;
    }
    this.#reader.push(bytes);
    if (behaviour !== 'slow' || this.#paused || !due) return;
    this.#paused = true;
    this.#stream.pause();
    setTimeout(() => this.#stream.resume(), STOPS_READING_MS);
  }

  #roundDone(): void {
    const { rounds, thinkMs, ending } = this.#plan;
    if (++this.#round < rounds.length) {
      setTimeout(() => void this.#ask(), thinkMs);
      return;
    }
    this.#all = true;
    if (ending === 'client') this.#stream.end();
  }

  #ended(): void {
    this.#sawEnd = true;
    if (this.#all) this.#stream.end();
    else this.#leave('broken', `the end came in round ${this.#round}`);
  }

  #failed(error: NodeJS.ErrnoException): void {
    if (this.#outcome !== undefined) return;
    const code = error.code ?? error.message;
    if (this.#connectedAt === 0) this.#outcome = 'not-connected';
    else if (/SELF_SIGNED|UNABLE_TO_VERIFY|CERT_|LEAF_SIGNATURE|UNABLE_TO_GET/.test(code))
      this.#outcome = 'certificate';
    else if (this.#all) return;
    else this.#outcome = 'broken';
    this.#fault = `${code} in round ${this.#round}`;
    this.#tcp.destroy();
  }

  #leave(outcome: ClientSeen['outcome'], fault: string): void {
    this.#outcome ??= outcome;
    this.#fault ||= fault;
    // Once it has sent its FIN, Node forgets to say that a socket which is reset is closed.
    if (this.#stream.writableEnded) this.#stream.destroy();
    else this.#tcp.resetAndDestroy();
  }

  #closed(): void {
    clearTimeout(this.#patience);
    const outcome = this.#outcome ?? (this.#all ? 'whole' : 'broken');
    this.#done({
      id: this.#plan.id,
      service: this.#plan.service,
      behaviour: this.#plan.behaviour,
      from: this.#from,
      connectedAt: this.#connectedAt || this.#startedAt,
      endedAt: Date.now(),
      nodes: this.#nodes,
      outcome,
      fault: this.#fault,
      read: this.#tcp.bytesRead,
      written: this.#tcp.bytesWritten,
      clean: outcome === 'whole' && this.#sawEnd,
    });
  }
}
