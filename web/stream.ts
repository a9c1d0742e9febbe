// The connection to the process: messages as they come, and what stands between us and them. It notices silence as well
// as errors, and goes on trying for as long as the page is open.

import type { PageMessage } from '../src/control/page-message.ts';

export type Link = { readonly kind: 'live' } | { readonly kind: 'lost'; readonly retryInMs: number };

const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 10_000;
/** Silence for so many messages' time means that nobody is there any more. */
const MISSED = 4;

export class Stream {
  readonly #message: (message: PageMessage) => void;
  readonly #link: (link: Link) => void;
  #source: EventSource | undefined;
  #silence: number | undefined;
  #retry: number | undefined;
  #wait = FIRST_RETRY_MS;
  #silentMs = 12_000;

  constructor(message: (message: PageMessage) => void, link: (link: Link) => void) {
    this.#message = message;
    this.#link = link;
    this.#connect();
    // A laptop that was asleep need not wait for the next try.
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden && this.#retry !== undefined) this.#connect();
    });
  }

  #connect(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#source?.close();
    const source = new EventSource('events');
    this.#source = source;
    this.#listen();
    source.onmessage = (event: MessageEvent<string>) => {
      const message = JSON.parse(event.data) as PageMessage;
      this.#wait = FIRST_RETRY_MS;
      this.#silentMs = message.sampleMs * MISSED;
      this.#listen();
      this.#link({ kind: 'live' });
      this.#message(message);
    };
    source.onerror = () => this.#lost();
  }

  #listen(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#lost(), this.#silentMs);
  }

  // The browser's own way of reconnecting gives up at the first answer that is no stream: this one doesn't.
  #lost(): void {
    clearTimeout(this.#silence);
    this.#source?.close();
    this.#source = undefined;
    this.#link({ kind: 'lost', retryInMs: this.#wait });
    this.#retry = setTimeout(() => this.#connect(), this.#wait);
    this.#wait = Math.min(MAX_RETRY_MS, this.#wait * 2);
  }
}
