// One end of a connection, as the case holds it: the client's toward the load balancer, or the node's.

import type { Socket } from 'node:net';
import { until } from '../test/fixtures/until.ts';
import { Watched } from '../test/fixtures/watched.ts';

const WORDS = { nothing: 'open', fin: 'FIN', rst: 'RST' } as const;

export class End extends Watched {
  /** The address and port of whoever dialled, as both sides know it. */
  readonly name: string;

  constructor(socket: Socket, name: string) {
    super(socket);
    this.name = name;
  }

  get text(): string {
    return this.bytes.toString('latin1');
  }

  say(what: string | Buffer): this {
    this.socket.write(what);
    return this;
  }

  fin(): this {
    this.socket.end();
    return this;
  }

  reset(): this {
    this.socket.resetAndDestroy();
    return this;
  }

  /** Waits until this was heard. */
  async hears(what: string): Promise<void> {
    await until(
      () => this.text.includes(what),
      `${JSON.stringify(what)} is heard, not only ${JSON.stringify(this.text)}`,
    );
  }

  /** How it was ended, in one word. */
  async ended(): Promise<'FIN' | 'RST'> {
    return (await this.something()) === 'fin' ? 'FIN' : 'RST';
  }

  /** What was heard, and how it was ended: `"answer", then FIN`; only `FIN` where nothing was heard. */
  async whole(): Promise<string> {
    const how = await this.ended();
    return this.length === 0 ? how : `${JSON.stringify(this.text)}, then ${how}`;
  }

  /** Whether anything has ended it up to now. */
  get state(): 'open' | 'FIN' | 'RST' {
    return WORDS[this.saw];
  }

  /**
   * Whether what was ended by a FIN is now reset: a kernel that has got a RST fails the next write at once, one that has
   * got nothing takes it.
   */
  async afterFin(): Promise<'FIN' | 'RST'> {
    return await new Promise((resolve) => {
      this.socket.write('.', (error) => resolve(error ? 'RST' : 'FIN'));
    });
  }
}
