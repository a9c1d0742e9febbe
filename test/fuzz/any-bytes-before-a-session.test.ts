// What clients send before anything is known of them: PROXY headers and TLS hellos, sound, damaged and made up.

import fc from 'fast-check';
import t from 'tap';
import { HelloReader, MOST_HELLO } from '../../src/net/client-hello.ts';
import {
  encodeV1,
  encodeV2,
  looksLikeProxyHeader,
  MOST_V1,
  MOST_V2,
  type ParsedHeader,
  parseProxyHeader,
} from '../../src/net/proxy-protocol.ts';
import { cuts, damaged, holds, pieces } from '../fixtures/fuzz.ts';
import { endOfHello, manyProtocols, nodeHello } from '../fixtures/tls-hello.ts';

const address = fc.oneof(fc.ipV4(), fc.ipV6());
const endpoint = fc.record({ address, port: fc.nat(65_535) });
const pair = fc.record({ source: endpoint, destination: endpoint });
const encoded = fc.oneof(
  pair.map((p) => encodeV1(p)),
  pair.map((p) => encodeV2(p)),
  fc.constantFrom(encodeV1('unknown'), encodeV2('local')),
);
const some = (most: number) => fc.uint8Array({ maxLength: most }).map((bytes) => Buffer.from(bytes));
const V2 = encodeV2('local').subarray(0, 12);
/** A second version whose length and families are anything. */
const madeUp = fc
  .tuple(fc.nat(255), fc.nat(255), fc.nat(0xffff), some(300))
  .map(([command, family, length, rest]) =>
    Buffer.concat([V2, Buffer.from([command, family, length >> 8, length & 255]), rest]),
  );
const line = fc
  .array(
    fc.constantFrom(
      'PROXY',
      'TCP4',
      'TCP6',
      'UNKNOWN',
      ' ',
      '  ',
      '1.2.3.4',
      '::1',
      '80',
      '65536',
      '\r',
      '\n',
      '\0',
      'x',
    ),
    {
      maxLength: 14,
    },
  )
  .map((words) => Buffer.from(`PROXY ${words.join('')}`));
const anyHeader = fc.oneof(
  some(120),
  line,
  madeUp,
  encoded.chain((bytes) => damaged(bytes)),
  fc.tuple(encoded, some(40)).map((parts) => Buffer.concat(parts)),
);

holds(
  t,
  'a PROXY header: one verdict, the same for all that follows it, and within its bound',
  3000,
  fc.property(anyHeader, (bytes) => {
    let before: ParsedHeader = { kind: 'incomplete' };
    for (let length = 0; length <= bytes.length; length++) {
      const verdict = parseProxyHeader(bytes.subarray(0, length));
      if (before.kind !== 'incomplete' && JSON.stringify(verdict) !== JSON.stringify(before)) {
        // How it is bad may be known better later; that it is so stays.
        if (before.kind !== 'bad' || verdict.kind !== 'bad') {
          throw new Error(`${JSON.stringify(before)} became ${JSON.stringify(verdict)} at ${length}`);
        }
      }
      if (verdict.kind === 'header' && verdict.length > length) throw new Error('longer than what has come');
      if (verdict.kind === 'bad' && !/^[ -~]{1,200}$/.test(verdict.reason)) throw new Error(verdict.reason);
      before = verdict;
    }
    looksLikeProxyHeader(bytes);
  }),
);

holds(
  t,
  'a header that never ends is refused at its bound',
  300,
  fc.property(fc.constantFrom(...'PROXY TCP4 1', ...'x0:. '), fc.integer({ min: 0, max: 64 }), (filler, more) => {
    const text = Buffer.from(`PROXY ${filler.repeat(MOST_V1 + more)}`);
    if (parseProxyHeader(text).kind !== 'bad') throw new Error('a line');
    const long = Buffer.concat([V2, Buffer.from([0x21, 0x11, 0xff, 0xff]), Buffer.alloc(MOST_V2)]);
    if (parseProxyHeader(long).kind !== 'bad') throw new Error('a length');
  }),
);

holds(
  t,
  'what we write is read as it was meant',
  1000,
  fc.property(pair, fc.constantFrom(encodeV1, encodeV2), some(20), (both, encode, rest) => {
    const bytes = encode(both);
    const read = parseProxyHeader(Buffer.concat([bytes, rest]));
    if (read.kind !== 'header' || read.length !== bytes.length) throw new Error(JSON.stringify(read));
    if (read.source?.port !== both.source.port || read.destination?.port !== both.destination.port) {
      throw new Error(JSON.stringify(read));
    }
  }),
);

const hellos = await Promise.all([
  nodeHello({ servername: 'smartproxy.example.net' }),
  nodeHello({ maxVersion: 'TLSv1.2' }),
  nodeHello({ ALPNProtocols: manyProtocols(20_000) }),
]);
const anyHello = fc.oneof(
  some(200),
  fc.constantFrom(...hellos).chain((hello) => damaged(hello)),
  fc.tuple(fc.constantFrom(...hellos), some(40)).map((parts) => Buffer.concat(parts)),
  // Records of all lengths with anything in them.
  fc
    .array(fc.tuple(fc.constantFrom(22, 22, 22, 20, 23), fc.nat(4), some(60)), { maxLength: 12 })
    .map((records) =>
      Buffer.concat(
        records.map(([type, minor, body]) => Buffer.concat([Buffer.from([type, 3, minor, 0, body.length]), body])),
      ),
    ),
);

holds(
  t,
  'a hello: one verdict, however it is cut, and its end where its records say',
  3000,
  fc.property(anyHello, cuts, (bytes, at) => {
    const whole = new HelloReader().push(bytes);
    const reader = new HelloReader();
    let last = reader.push(Buffer.alloc(0));
    for (const piece of pieces(bytes, at)) last = reader.push(piece);
    if (JSON.stringify(last) !== JSON.stringify(whole)) throw new Error(`${JSON.stringify([whole, last])}`);
    if (whole.kind === 'incomplete' && bytes.length > MOST_HELLO) throw new Error('it waits for ever');
    if (whole.kind !== 'whole') return;
    if (whole.length !== endOfHello(bytes)) throw new Error(`it ends at ${endOfHello(bytes)}, not ${whole.length}`);
    if (whole.length + whole.trailing !== bytes.length) throw new Error(`${whole.trailing} behind it`);
  }),
);

holds(
  t,
  'a hello that never ends is too large, or no hello',
  100,
  fc.property(fc.integer({ min: 1, max: 16_384 }), fc.nat(255), (size, filler) => {
    const body = Buffer.alloc(size, filler);
    const record = Buffer.concat([Buffer.from([22, 3, 1, size >> 8, size & 255]), body]);
    const first = Buffer.from([22, 3, 1, 0, 4, 1, 0xff, 0xff, 0xff]);
    const reader = new HelloReader();
    let verdict = reader.push(first);
    for (let sent = 0; sent <= MOST_HELLO && verdict.kind === 'incomplete'; sent += record.length)
      verdict = reader.push(record);
    if (verdict.kind === 'incomplete') throw new Error('it waits for ever');
  }),
);
