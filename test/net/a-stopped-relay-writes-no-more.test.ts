import t from 'tap';
import { systemClock } from '../../src/core/clock.ts';
import type { Connection, Sink } from '../../src/net/connection.ts';
import { startNetRelay } from '../../src/net/relay-net.ts';

/** What a relay needs of a connection, and what it did with it. */
class Side {
  sink: Sink = { onData: () => true, onEnd: () => {}, onDrain: () => {}, onClose: () => {} };
  readonly ended = false;
  readonly blocked = false;
  closed = false;
  readonly did: string[] = [];
  write = (bytes: Buffer) => this.did.push(`write ${bytes}`) > 0;
  pause = () => this.did.push('pause');
  resume = () => {};
  finish = () => this.did.push('finish');
  close = () => this.did.push('close');
  reset = () => this.did.push('reset');
  release = () => this.did.push('release');

  /** As if the other end had done it. */
  hear(bytes: string): void {
    this.sink.onData(Buffer.from(bytes), this as unknown as Connection);
  }

  gone(): void {
    this.closed = true;
    this.sink.onClose(this as unknown as Connection, undefined);
  }
}

t.test(
  'what comes after the stop is neither written nor counted, and the buffers go back when both are closed',
  async (t) => {
    for (const [how, client, backend] of [
      ['fin', 'close', 'close'],
      ['idle', 'close', 'reset'],
      ['reset', 'reset', 'reset'],
    ] as const) {
      const [a, b] = [new Side(), new Side()];
      const done: unknown[] = [];
      const relay = startNetRelay({
        clock: systemClock,
        client: a as unknown as Connection,
        backend: b as unknown as Connection,
        bytesIn: 0,
        bytesOut: 0,
        firstByte: () => {},
        done: (outcome) => done.push(outcome),
      });
      a.hear('question');
      b.hear('answer');
      relay.stop(how);
      relay.stop('reset');
      a.hear('more');
      b.hear('more');
      t.same([relay.bytesIn, relay.bytesOut], [8, 6]);
      a.gone();
      t.same(done, []);
      b.gone();
      t.same(done, [undefined], 'once, and no outcome of its own');
      t.same(a.did, ['write answer', client, 'release'], how);
      t.same(b.did, ['write question', backend, 'release'], how);
    }
  },
);
