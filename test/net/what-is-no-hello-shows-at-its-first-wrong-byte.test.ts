import t from 'tap';
import { HelloReader } from '../../src/net/client-hello.ts';
import { helloMessage, inRecords, uint } from '../fixtures/tls-hello.ts';

const hello = inRecords(helloMessage({ extensions: [[16, Buffer.alloc(4)]] }), [1000]);

/** The hello with other bytes at `at`. */
const withBytes = (at: number, ...bytes: number[]): Buffer => {
  const changed = Buffer.from(hello);
  changed.set(bytes, at);
  return changed;
};

// Where the fields of this hello stand: no session id, one cipher, one compression, one extension.
const SESSION_SIZE = 5 + 4 + 2 + 32;
const CIPHERS_SIZE = SESSION_SIZE + 1;
const COMPRESSIONS_SIZE = CIPHERS_SIZE + 4;
const EXTENSIONS_SIZE = COMPRESSIONS_SIZE + 2;
const EXTENSION_SIZE = EXTENSIONS_SIZE + 4;

// What comes, and how many bytes of it are read before it is known.
const stories: [string, Buffer, number][] = [
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 1],
  ['SSH', Buffer.from('SSH-2.0-x\r\n'), 1],
  ['a hello as SSLv2 wrapped it', Buffer.from('802e0103010015000000100100800200800300800400800500', 'hex'), 1],
  ['a PROXY header of version 2', Buffer.from('0d0a0d0a000d0a515549540a', 'hex'), 1],
  ['an alert', Buffer.from('15030100020228', 'hex'), 1],
  ['early application data', Buffer.from('1703030001ff', 'hex'), 1],
  ['SSL 2.0 as the record version', withBytes(1, 2), 2],
  ['DTLS', withBytes(1, 0xfe, 0xfd), 2],
  ['a record version above TLS 1.3', withBytes(2, 5), 3],
  ['a record larger than 16 kB', withBytes(3, 0x40, 0x01), 5],
  ['a record far larger than 16 kB', withBytes(3, 0x41, 0x00), 4],
  ['an empty record', withBytes(3, 0, 0), 5],
  ['a server hello', withBytes(5, 2), 6],
  ['a hello too small to be one', withBytes(6, 0, 0, 40), 9],
  ['a hello of version 2', withBytes(9, 2, 0), 11],
  ['a session id of 33 bytes', inRecords(helloMessage({ session: Buffer.alloc(33) }), [1000]), SESSION_SIZE + 1],
  ['no ciphers', withBytes(CIPHERS_SIZE, 0, 0), CIPHERS_SIZE + 2],
  ['half a cipher', withBytes(CIPHERS_SIZE, 0, 3), CIPHERS_SIZE + 2],
  ['more ciphers than bytes', withBytes(CIPHERS_SIZE, 1, 0), CIPHERS_SIZE + 2],
  ['no compressions', withBytes(COMPRESSIONS_SIZE, 0), COMPRESSIONS_SIZE + 1],
  ['more compressions than bytes', withBytes(COMPRESSIONS_SIZE, 200), COMPRESSIONS_SIZE + 1],
  ['extensions that end too early', withBytes(EXTENSIONS_SIZE, 0, 7), EXTENSIONS_SIZE + 2],
  ['extensions that end too late', withBytes(EXTENSIONS_SIZE, 0, 9), EXTENSIONS_SIZE + 2],
  ['an extension larger than the rest', withBytes(EXTENSION_SIZE, 0, 5), EXTENSION_SIZE + 2],
  ['an extension that leaves a part of another', withBytes(EXTENSION_SIZE, 0, 3), hello.length - 1],
];

for (const [what, bytes, known] of stories) {
  t.test(what, async (t) => {
    t.same(new HelloReader().push(bytes), { kind: 'not-tls' });
    t.same(new HelloReader().push(bytes.subarray(0, known)), { kind: 'not-tls' }, `known after ${known} bytes`);
    t.same(new HelloReader().push(bytes.subarray(0, known - 1)), { kind: 'incomplete' }, 'and not before');
  });
}

t.test('the hello that these are made from is one', async (t) => {
  t.same(new HelloReader().push(hello), { kind: 'whole', length: hello.length, trailing: 0 });
});

t.test('another record, or an empty one, in the middle of a hello', async (t) => {
  const message = helloMessage({ extensions: [] });
  const first = inRecords(message.subarray(0, 20), [20]);
  const rest = inRecords(message.subarray(20), [1000]);
  const between = {
    alert: Buffer.from('15030100020228', 'hex'),
    'change cipher spec': Buffer.from('140303000101', 'hex'),
    'an empty record': Buffer.concat([Buffer.from([22, 3, 1]), uint(0, 2)]),
  };
  t.equal(new HelloReader().push(Buffer.concat([first, rest])).kind, 'whole');
  for (const [what, bytes] of Object.entries(between)) {
    t.same(new HelloReader().push(Buffer.concat([first, bytes, rest])), { kind: 'not-tls' }, what);
  }
});

t.test('64 kB of garbage', async (t) => {
  t.same(new HelloReader().push(Buffer.alloc(65_536, 0xee)), { kind: 'not-tls' });
  t.same(new HelloReader().push(Buffer.alloc(65_536, 22)), { kind: 'not-tls' });
});

t.test('nothing is not yet anything', async (t) => {
  const reader = new HelloReader();
  t.same(reader.push(Buffer.alloc(0)), { kind: 'incomplete' });
  t.equal(reader.push(hello).kind, 'whole');
});
