// What clients and nodes of an episode say to each other, over TCP or TLS: rounds of a line and seeded bytes each way. Both
// sides know every byte beforehand, so that one that is lost, doubled, changed or another session's is seen at once.
//
//     client: CHAOS id round up down ending\n and `up` bytes
//     node:   NODE name id round down\n       and `down` bytes

import { seededBytes } from '../demo/seeded-bytes.ts';

/** Who closes after the last round: the client, the node, or the client while the node has still to answer. */
export type Ending = 'client' | 'node' | 'half';

export interface Request {
  readonly id: string;
  readonly round: number;
  readonly up: number;
  readonly down: number;
  /** `-`: another round follows. */
  readonly ending: Ending | '-';
}

export interface Answer {
  readonly node: string;
  readonly id: string;
  readonly round: number;
  readonly down: number;
}

export const requestLine = ({ id, round, up, down, ending }: Request): string =>
  `CHAOS ${id} ${round} ${up} ${down} ${ending}\n`;

export function readRequest(line: string): Request | undefined {
  const [, id, round, up, down, ending] = /^CHAOS (\S+) (\d+) (\d+) (\d+) (client|node|half|-)$/.exec(line) ?? [];
  if (id === undefined) return undefined;
  return { id, round: Number(round), up: Number(up), down: Number(down), ending: ending as Request['ending'] };
}

export const answerLine = ({ node, id, round, down }: Answer): string => `NODE ${node} ${id} ${round} ${down}\n`;

export function readAnswer(line: string): Answer | undefined {
  const [, node, id, round, down] = /^NODE (\S+) (\S+) (\d+) (\d+)$/.exec(line) ?? [];
  if (node === undefined || id === undefined) return undefined;
  return { node, id, round: Number(round), down: Number(down) };
}

export const upload = ({ id, round, up }: Request) => seededBytes(`${id}/${round}/up`, up);
export const download = ({ node, id, round, down }: Answer) => seededBytes(`${node}/${id}/${round}/down`, down);

export interface ReaderEvents {
  /** A whole line; the bytes that must follow it, or undefined: it makes no sense. */
  line(text: string): Iterable<Buffer> | undefined;
  /** The line's bytes came, all as they must be. */
  whole(): void;
  /** Bytes came that must not. */
  wrong(what: string): void;
}

const LONGEST_LINE = 300;

/** Reads lines and the bytes that belong to them, however they are cut. Stops at the first wrong byte. */
export class Reader {
  readonly #events: ReaderEvents;
  #line = '';
  #expected: Iterator<Buffer> | undefined;
  #next: Buffer = Buffer.alloc(0);
  #wrong = false;

  constructor(events: ReaderEvents) {
    this.#events = events;
  }

  push(bytes: Buffer): void {
    for (let rest = bytes; rest.length > 0 && !this.#wrong; ) {
      rest = this.#expected === undefined ? this.#readLine(rest) : this.#readBytes(rest);
    }
  }

  #readLine(bytes: Buffer): Buffer {
    const end = bytes.indexOf(10);
    this.#line += bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
    if (end < 0) {
      if (this.#line.length > LONGEST_LINE) this.#fail(`no line but ${JSON.stringify(this.#line.slice(0, 60))}`);
      return bytes.subarray(bytes.length);
    }
    const line = this.#line;
    this.#line = '';
    const expected = this.#events.line(line);
    if (expected === undefined) this.#fail(`the line ${JSON.stringify(line.slice(0, 60))}`);
    else {
      this.#expected = expected[Symbol.iterator]();
      this.#advance();
    }
    return bytes.subarray(end + 1);
  }

  #readBytes(bytes: Buffer): Buffer {
    const n = Math.min(bytes.length, this.#next.length);
    if (!bytes.subarray(0, n).equals(this.#next.subarray(0, n))) {
      this.#fail('other bytes than were sent');
      return bytes;
    }
    this.#next = this.#next.subarray(n);
    if (this.#next.length === 0) this.#advance();
    return bytes.subarray(n);
  }

  #advance(): void {
    const { value, done } = this.#expected?.next() ?? { value: undefined, done: true };
    if (done !== true && value !== undefined) {
      this.#next = value;
      return;
    }
    this.#expected = undefined;
    this.#events.whole();
  }

  #fail(what: string): void {
    this.#wrong = true;
    this.#events.wrong(what);
  }
}
