// One connection as a node has it: a health check's request, or rounds of the talk. Counts the bytes of TCP below TLS.

import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import type { Answers, Answer as Page } from '../demo/answers.ts';
import type { NodeSeen } from './node.ts';
import { type Answer, answerLine, download, Reader, type Request, readRequest, upload } from './protocol.ts';

export interface NodeSessionOptions {
  readonly socket: Socket;
  readonly name: string;
  /** Of TLS; undefined: plain. */
  readonly context: SecureContext | undefined;
  readonly answers: Answers[string];
  began(session: { readonly id: string; readonly remote: string }): void;
  /** Undefined: it was no session of the talk. */
  ended(seen: NodeSeen | undefined): void;
}

/** While slow: so much at a time, so often. */
const TRICKLE_BYTES = 4096;
const TRICKLE_MS = 25;

export class NodeSession {
  slow = false;
  readonly #options: NodeSessionOptions;
  readonly #tcp: Socket;
  readonly #stream: Socket;
  readonly #remote: string;
  readonly #reader: Reader;
  #head = '';
  #talks = false;
  #id = '';
  #fault = '';
  #cut = false;
  #sawEnd = false;
  #finished = false;
  #request: Request | undefined;

  constructor(options: NodeSessionOptions) {
    const { socket, context } = options;
    this.#options = options;
    this.#tcp = socket;
    this.#remote = `${socket.remoteAddress}:${socket.remotePort}`;
    this.#stream = context === undefined ? socket : new TLSSocket(socket, { isServer: true, secureContext: context });
    this.#reader = new Reader({
      line: (text) => this.#asked(text),
      whole: () => void this.#answer(),
      wrong: (what) => {
        this.#fault = what;
        this.cut();
      },
    });
    this.#stream.on('error', () => {});
    this.#stream.on('data', (bytes: Buffer) => this.#read(bytes));
    this.#stream.on('end', () => this.#ended());
    socket.on('close', (failed) => this.#closed(failed));
    // An end that came while nobody listened (the node was mute) is not told again.
    if (socket.readableEnded) this.#ended();
  }

  /** Ends it with a RST. */
  cut(): void {
    this.#cut = true;
    this.#tcp.resetAndDestroy();
  }

  #read(bytes: Buffer): void {
    if (this.#talks) {
      this.#reader.push(bytes);
      return;
    }
    this.#head += bytes.toString('latin1');
    if (this.#head.startsWith('CHAOS ')) {
      this.#talks = true;
      this.#reader.push(Buffer.from(this.#head, 'latin1'));
    } else if (this.#head.includes('\r\n\r\n')) this.#answerPage();
  }

  #answerPage(): void {
    const path = / (\S+) /.exec(this.#head)?.[1] ?? '/';
    const nothing: Page = { status: path === '/' ? 200 : 404, type: 'text/plain', body: `${this.#options.name}\n` };
    const page = this.#options.answers[path] ?? nothing;
    if (page === 'silence') return;
    const { status, type, headers = {}, body } = page;
    const all = { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body), Connection: 'close', ...headers };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    this.#stream.end(`HTTP/1.1 ${status} -\r\n${lines.join('')}\r\n${body}`);
  }

  #asked(line: string): Iterable<Buffer> | undefined {
    const request = readRequest(line);
    if (request === undefined) return undefined;
    if (this.#id === '') {
      this.#id = request.id;
      this.#options.began({ id: request.id, remote: this.#remote });
    }
    this.#request = request;
    return upload(request);
  }

  async #answer(): Promise<void> {
    const request = this.#request;
    if (request === undefined) return;
    const { id, round, down, ending } = request;
    const answer: Answer = { node: this.#options.name, id, round, down };
    await this.#write(Buffer.from(answerLine(answer)));
    for (const chunk of download(answer)) await this.#write(chunk);
    this.#request = undefined;
    if (ending === 'node' || this.#sawEnd) this.#finish();
  }

  async #write(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length && !this.#stream.destroyed; ) {
      const { slow } = this;
      const chunk = bytes.subarray(at, at + (slow ? TRICKLE_BYTES : bytes.length));
      at += chunk.length;
      if (slow) await new Promise((resolve) => setTimeout(resolve, TRICKLE_MS));
      if (!this.#stream.write(chunk)) await this.#drained();
    }
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

  #ended(): void {
    this.#sawEnd = true;
    if (this.#request === undefined) this.#finish();
  }

  #finish(): void {
    this.#finished = true;
    this.#stream.end();
  }

  #closed(failed: boolean): void {
    if (this.#id === '') {
      this.#options.ended(undefined);
      return;
    }
    this.#options.ended({
      id: this.#id,
      remote: this.#remote,
      read: this.#tcp.bytesRead,
      written: this.#tcp.bytesWritten,
      fault: this.#fault,
      cut: this.#cut,
      clean: !failed && !this.#cut && this.#sawEnd && this.#finished,
    });
  }
}
