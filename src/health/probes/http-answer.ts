// Reads one HTTP/1.1 answer as its bytes come: head, body and their encoding, up to a bound (RFC 9112). It asks nothing,
// follows nothing and judges nothing. Own code instead of node:http, whose request and streams cost more than the probe.

import { printable } from '../../core/printable.ts';

/** Everything that is read of an answer: head, body and their encoding. */
export const MAX_READ = 256 * 1024;
/** A head, and any other line. */
const MAX_HEAD = 16 * 1024;

export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case; those of the same name in one text. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** Whether `body` is all of it. */
  readonly whole: boolean;
}

/** An answer that is no good HTTP, or none at all; the message is printable. */
export class HttpFault extends Error {
  readonly code: 'protocol' | 'closed';

  constructor(code: 'protocol' | 'closed', message: string) {
    super(message);
    this.code = code;
  }
}

/** What is expected next. */
type Part =
  | 'status'
  | 'headers'
  | 'body'
  | 'body-to-the-end'
  | 'chunk-size'
  | 'chunk'
  | 'chunk-end'
  | 'trailers'
  | 'over';

const BEGIN = 'HTTP/1.';
const STATUS_LINE = /^HTTP\/1\.\d ([1-9]\d\d)(?: .*)?$/;
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/;
const LENGTH = /^\d{1,15}$/;
const CHUNK_SIZE = /^([0-9a-fA-F]{1,8})[ \t]*(?:;.*)?$/;
const NOTHING = Buffer.alloc(0);
const LF = 10;

export class AnswerReader {
  readonly #bodiless: boolean;
  #part: Part = 'status';
  #unread: Buffer = NOTHING;
  #read = 0;
  /** Bytes of this head so far. */
  #head = 0;
  #status = 0;
  #headers = new Map<string, string>();
  /** Bytes that the body, or the chunk, still lacks. */
  #lacking = 0;
  readonly #body: Buffer[] = [];
  #fault: HttpFault | undefined;

  constructor(method: string) {
    this.#bodiless = method === 'HEAD';
  }

  /** Takes bytes, which may be overwritten after it. True: there is nothing more to wait for. */
  hear(bytes: Buffer): boolean {
    this.#read += bytes.length;
    this.#unread = Buffer.concat([this.#unread, bytes]);
    try {
      while (this.#part !== 'over' && this.#step());
    } catch (error) {
      if (!(error instanceof HttpFault)) throw error;
      this.#fault = error;
    }
    return this.#fault !== undefined || this.#part === 'over' || this.#read > MAX_READ;
  }

  /** What was read up to now; `ended`: the server has sent its end. */
  answer(ended: boolean): HttpAnswer | HttpFault {
    if (this.#fault !== undefined) return this.#fault;
    const cut = this.#read > MAX_READ;
    if (this.#part === 'status' || this.#part === 'headers') {
      if (cut) return new HttpFault('protocol', 'more than 256 kB without an answer');
      return new HttpFault(
        'closed',
        this.#read === 0 ? 'closed without an answer' : 'closed in the middle of the answer',
      );
    }
    const over = this.#part === 'over' || (this.#part === 'body-to-the-end' && ended);
    if (!over && !cut) return new HttpFault('closed', 'closed in the middle of the answer');
    return {
      status: this.#status,
      headers: this.#headers,
      body: Buffer.concat(this.#body),
      whole: over && !cut,
    };
  }

  /** Goes one step on; false: more bytes are needed for it. */
  #step(): boolean {
    switch (this.#part) {
      case 'status':
        return this.#begin();
      case 'headers':
        return this.#takeLine((line) => this.#header(line));
      case 'body':
        return this.#take('over');
      case 'chunk':
        return this.#take('chunk-end');
      case 'body-to-the-end':
        this.#lacking = Number.POSITIVE_INFINITY;
        return this.#take('over');
      case 'chunk-size':
        return this.#takeLine((line) => this.#chunkSize(line));
      case 'chunk-end':
        return this.#takeLine((line) => {
          if (line !== '') throw notHttp('a chunk is longer than it says');
          this.#part = 'chunk-size';
        });
      case 'trailers':
        return this.#takeLine((line) => {
          if (line === '') this.#part = 'over';
        });
      case 'over':
        return false;
      default:
        return this.#part satisfies never;
    }
  }

  /** Says what is no HTTP by its first bytes, and does not wait for a line of it. */
  #begin(): boolean {
    const seen = this.#unread.toString('latin1', 0, BEGIN.length);
    if (!BEGIN.startsWith(seen)) {
      throw notHttp(`it begins with ${JSON.stringify(this.#unread.toString('latin1', 0, 40))}`);
    }
    return this.#takeLine((line) => {
      const status = STATUS_LINE.exec(line)?.[1];
      if (status === undefined) throw notHttp(`its first line is ${JSON.stringify(line.slice(0, 60))}`);
      this.#status = Number(status);
      this.#headers = new Map();
      this.#part = 'headers';
    });
  }

  #header(line: string): void {
    if (line === '') {
      this.#headIsOver();
      return;
    }
    const [, name, value = ''] = HEADER.exec(line) ?? [];
    if (name === undefined) throw notHttp(`no header: ${JSON.stringify(line.slice(0, 60))}`);
    const key = name.toLowerCase();
    const before = this.#headers.get(key);
    this.#headers.set(key, before === undefined ? value : `${before}, ${value}`);
  }

  #headIsOver(): void {
    this.#head = 0;
    const status = this.#status;
    if (status === 101) throw new HttpFault('protocol', 'it leaves HTTP without being asked');
    if (status < 200) {
      this.#part = 'status';
      return;
    }
    const length = this.#headers.get('content-length');
    if (this.#bodiless || status === 204 || status === 304) this.#part = 'over';
    else if (/\bchunked$/i.test(this.#headers.get('transfer-encoding') ?? '')) this.#part = 'chunk-size';
    else if (length === undefined) this.#part = 'body-to-the-end';
    else if (!LENGTH.test(length)) throw notHttp(`its length is ${JSON.stringify(length.slice(0, 40))}`);
    else {
      this.#lacking = Number(length);
      this.#part = this.#lacking === 0 ? 'over' : 'body';
    }
  }

  #chunkSize(line: string): void {
    const size = CHUNK_SIZE.exec(line)?.[1];
    if (size === undefined) throw notHttp('a chunk without a size');
    this.#lacking = Number.parseInt(size, 16);
    this.#part = this.#lacking === 0 ? 'trailers' : 'chunk';
  }

  /** Bytes of the body, as many as there are. */
  #take(then: Part): boolean {
    const bytes = this.#unread.subarray(0, this.#lacking);
    if (bytes.length === 0) return false;
    this.#body.push(bytes);
    this.#unread = this.#unread.subarray(bytes.length);
    this.#lacking -= bytes.length;
    if (this.#lacking > 0) return false;
    this.#part = then;
    return true;
  }

  #takeLine(use: (line: string) => void): boolean {
    const end = this.#unread.indexOf(LF);
    const length = end < 0 ? this.#unread.length : end + 1;
    const inHead = this.#part === 'status' || this.#part === 'headers';
    if (inHead && this.#head + length > MAX_HEAD) throw notHttp('its head is longer than 16 kB');
    if (length > MAX_HEAD) throw notHttp('a line is longer than 16 kB');
    if (end < 0) return false;
    if (inHead) this.#head += length;
    const line = this.#unread.toString('latin1', 0, end).replace(/\r$/, '');
    this.#unread = this.#unread.subarray(end + 1);
    if (hasControls(line)) throw notHttp(`a control character in ${JSON.stringify(line.slice(0, 60))}`);
    use(line);
    return true;
  }
}

function hasControls(line: string): boolean {
  for (let i = 0; i < line.length; i++) {
    const code = line.charCodeAt(i);
    if ((code < 32 && code !== 9) || code === 127) return true;
  }
  return false;
}

function notHttp(what: string): HttpFault {
  return new HttpFault('protocol', `the answer is not HTTP (${printable(what, 80)})`);
}
