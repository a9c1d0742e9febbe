// The event streams of the status page: every open page gets each message, made once for all. A reader that is slow
// misses messages (each one tells everything) and is cut when it stays slow: never more than one message waits for it.

import type { ServerResponse } from 'node:http';
import { ALWAYS } from './page-answer.ts';

export interface EventStreamsOptions {
  /** One message, as text without line breaks. */
  readonly message: () => string;
  /** Most streams at once. */
  readonly most: number;
}

/** So many messages in a row that could not be sent, because an earlier one was not read. */
const MISSED = 3;

export class EventStreams {
  readonly #options: EventStreamsOptions;
  /** Each with the messages it has missed in a row. */
  readonly #streams = new Map<ServerResponse, number>();

  constructor(options: EventStreamsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#streams.size;
  }

  get full(): boolean {
    return this.#streams.size >= this.#options.most;
  }

  /** Takes this answer over as a stream, which begins with a message at once. */
  open(response: ServerResponse): void {
    response.writeHead(200, { ...ALWAYS, 'content-type': 'text/event-stream' });
    this.#streams.set(response, 0);
    response.once('close', () => this.#streams.delete(response));
    response.write(this.#event());
  }

  /** Sends a new message to everyone. */
  send(): void {
    if (this.#streams.size === 0) return;
    const event = this.#event();
    for (const [response, missed] of this.#streams) {
      if (response.writableLength === 0) {
        this.#streams.set(response, 0);
        response.write(event);
      } else if (missed + 1 >= MISSED) {
        response.destroy();
      } else {
        this.#streams.set(response, missed + 1);
      }
    }
  }

  #event(): string {
    return `data: ${this.#options.message()}\n\n`;
  }
}
