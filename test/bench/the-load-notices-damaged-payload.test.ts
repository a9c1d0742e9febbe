// A benchmark that would not notice damage measures nothing: every way in which a relay could spoil bytes must show.

import t from 'tap';
import type { LoadOptions } from '../../bench/generator.ts';
import { loadThroughRelay, skipWithoutCompiler, type Tamper } from '../fixtures/measured-backend.ts';

const SIZE = 300_000;
const options = { skip: skipWithoutCompiler };
const down: LoadOptions = { mode: 'down', sessions: 2, size: SIZE, count: 4, seconds: 20 };
/** One session: it can't be done before it met the damage. It then goes on with a new connection. */
const one: LoadOptions = { ...down, sessions: 1 };

/** Changes the byte at `place` of the first session's stream. */
const flipAt =
  (place: number): Tamper =>
  (bytes, session, offset) => {
    const index = place - offset;
    if (session !== 0 || index < 0 || index >= bytes.length) return bytes;
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(index) ^ 1, index);
    return changed;
  };

for (const load of [
  down,
  { ...down, mode: 'up' },
  { ...down, mode: 'rr', size: 512 },
  { ...down, mode: 'crr', size: 512 },
] satisfies LoadOptions[]) {
  t.test(`${load.mode} through an honest relay finds nothing`, options, async (t) => {
    const result = await loadThroughRelay(t, load);
    t.ok(result.done >= 4, 'all requests were answered');
    t.same(Object.values(result.errors).filter(Boolean), [], 'no error of any kind');
  });
}

t.test('one flipped bit of an answer is found', options, async (t) => {
  const result = await loadThroughRelay(t, one, { answer: flipAt(SIZE - 1000) });
  t.equal(result.errors['corrupt'], 1);
});

t.test('one flipped bit of an upload is found', options, async (t) => {
  const result = await loadThroughRelay(t, { ...one, mode: 'up' }, { request: flipAt(SIZE - 1000) });
  t.equal(result.errors['corrupt'], 1);
});

t.test('the answer of another session is found', options, async (t) => {
  // Sessions 0 and 1 get each other's answers; the load's later sessions their own.
  const result = await loadThroughRelay(t, down, { answersOf: (session) => (session < 2 ? 1 - session : session) });
  t.ok(Number(result.errors['corrupt']) >= 1);
});

t.test('a piece of 64 kB that comes again in place of the next one is found', options, async (t) => {
  const PIECE = 65_536;
  const kept: Buffer[] = [];
  const repeat: Tamper = (bytes, session, offset) => {
    if (session !== 0) return bytes;
    kept.push(bytes);
    const stream = Buffer.concat(kept);
    const second = (place: number) => (place >= PIECE + 64 && place < 2 * PIECE + 64 ? place - PIECE : place);
    return Buffer.from(bytes.map((_, index) => stream.readUInt8(second(offset + index))));
  };
  const result = await loadThroughRelay(t, one, { answer: repeat });
  t.equal(result.errors['corrupt'], 1);
});

t.test('a byte too many is found', options, async (t) => {
  const extra: Tamper = (bytes, session, offset) =>
    session === 0 && offset + bytes.length === SIZE + 64 ? Buffer.concat([bytes, Buffer.from('x')]) : bytes;
  const result = await loadThroughRelay(t, one, { answer: extra });
  t.equal(result.errors['corrupt'], 1);
});
