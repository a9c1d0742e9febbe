// The bytes of one session in another: a connection that is told to read on while its bytes are just being passed on (a relay
// begins with the answer that starts it) must not give away the buffer they lie in.

import t from 'tap';
import { Connection, DROPPED, type Sink } from '../../src/net/connection.ts';
import { landing, ReadBuffer } from '../../src/net/read-buffer.ts';
import { GONE } from '../../src/net/tcp-socket.ts';

/** As the kernel does it: a read of so many bytes, all of them this one. */
function reads(connection: Connection, n: number, value: number): void {
  landing.fill(value, 0, n);
  connection.read(n);
}

t.test('a connection that is resumed by the one that gets its bytes', (t) => {
  const waiting: Buffer[] = [];
  /** Nothing it passes on is taken at once. */
  const passesOn = (first: (from: Connection) => void): Sink => ({
    ...DROPPED,
    onData(bytes, from) {
      first(from);
      waiting.push(bytes);
      return false;
    },
  });
  const one = new Connection(
    passesOn((from) => from.resume()),
    new ReadBuffer(),
    () => GONE,
  );
  const other = new Connection(
    passesOn(() => {}),
    new ReadBuffer(),
    () => GONE,
  );
  reads(one, 10, 1);
  reads(other, 10, 2);
  t.same(waiting, [Buffer.alloc(10, 1), Buffer.alloc(10, 2)]);
  t.end();
});
