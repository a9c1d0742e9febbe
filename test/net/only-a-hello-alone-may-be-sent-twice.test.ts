import t from 'tap';
import { HelloReader, type HelloVerdict } from '../../src/net/client-hello.ts';
import { earlyDataFlight, noOpenssl } from '../fixtures/openssl.ts';
import { endOfHello, helloMessage, inRecords, nodeHello, uint } from '../fixtures/tls-hello.ts';

const read = (...packets: Buffer[]): HelloVerdict => {
  const reader = new HelloReader();
  return packets.map((packet) => reader.push(packet)).at(-1) ?? { kind: 'incomplete' };
};

t.test('bytes behind a hello are counted, in its packet and in later ones', async (t) => {
  const hello = await nodeHello();
  const { length } = hello;
  t.same(read(Buffer.concat([hello, Buffer.from('GET')])), { kind: 'whole', length, trailing: 3 });
  t.same(read(hello, Buffer.from('G'), Buffer.from('ET')), { kind: 'whole', length, trailing: 3 });
  t.same(read(hello, Buffer.alloc(0)), { kind: 'whole', length, trailing: 0 });
  t.same(
    read(Buffer.concat([hello, hello])),
    { kind: 'whole', length, trailing: length },
    'a second hello is one too many',
  );
});

t.test('more in the record of the hello than the hello', async (t) => {
  const message = helloMessage({ extensions: [] });
  t.same(read(inRecords(Buffer.concat([message, Buffer.from([0])]), [1000])), { kind: 'not-tls' });
  const announced = inRecords(Buffer.concat([message, message]), [1000]);
  t.same(read(announced.subarray(0, 5 + message.length)), { kind: 'not-tls' }, 'known before the rest has come');
});

t.test('early data of openssl, its hello alone or with the data', { skip: noOpenssl }, async (t) => {
  const flight = await earlyDataFlight(t, (bytes) => bytes.length > (endOfHello(bytes) ?? Number.POSITIVE_INFINITY));
  const end = endOfHello(flight) ?? 0;
  t.ok(end > 0 && end < flight.length, `a hello of ${end} bytes and ${flight.length - end} behind it`);
  t.same(read(flight), { kind: 'early-data' });
  t.same(read(flight.subarray(0, end)), { kind: 'early-data' });
  t.same(read(...Array.from(flight, (byte) => Buffer.from([byte]))), { kind: 'early-data' });
});

t.test('early data is known as soon as it is offered, wherever it stands', async (t) => {
  const early = [42, Buffer.alloc(0)] as const;
  const other = [16, Buffer.alloc(20)] as const;
  for (const extensions of [[early], [other, early], [early, other], [other, early, other]]) {
    const message = helloMessage({ extensions });
    const offered = message.lastIndexOf(uint(42, 2)) + 2;
    t.same(read(inRecords(message, [1])), { kind: 'early-data' });
    const hello = inRecords(message, [1000]);
    t.same(read(hello.subarray(0, 5 + offered)), { kind: 'early-data' });
    t.same(read(hello.subarray(0, 5 + offered - 1)), { kind: 'incomplete' });
  }
  const inside = inRecords(helloMessage({ extensions: [[16, uint(42, 2)]] }), [1000]);
  t.same(read(inside), { kind: 'whole', length: inside.length, trailing: 0 }, '42 inside of another is not it');
});

t.test('a hello larger than 64 kB is known by what it announces', async (t) => {
  const huge = Buffer.concat([Buffer.from([22, 3, 1]), uint(16_384, 2), Buffer.from([1, 1, 0, 0])]);
  t.same(read(huge), { kind: 'too-large' });
  t.same(read(huge.subarray(0, -1)), { kind: 'incomplete' });
  t.same(read(huge, huge), { kind: 'too-large' }, 'and stays so');
});

t.test('record headers count: tiny records make a small hello too large', async (t) => {
  const message = helloMessage({ extensions: [[16, Buffer.alloc(12_000)]] });
  const hello = inRecords(message, [1]);
  t.ok(message.length < 16_384 && hello.length > 64 * 1024);
  t.same(read(hello), { kind: 'too-large' });
});
