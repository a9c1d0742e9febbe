import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type SecureVersion } from 'node:tls';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { makeAuthority } from '../../demo/certificates.ts';
import { HelloReader, type HelloVerdict, MOST_HELLO } from '../../src/net/client-hello.ts';
import { noOpenssl, opensslFlight } from '../fixtures/openssl.ts';
import { endOfHello, helloMessage, inRecords, manyProtocols, nodeHello } from '../fixtures/tls-hello.ts';

const whole = (bytes: Buffer): HelloVerdict => ({ kind: 'whole', length: bytes.length, trailing: 0 });

/** Every way to cut it in two, and one byte at a time out of a buffer that is used again. */
function everyCut(t: Test, hello: Buffer): void {
  let wrong = 0;
  for (let cut = 1; cut < hello.length; cut++) {
    const reader = new HelloReader();
    const first = reader.push(hello.subarray(0, cut));
    const second = reader.push(hello.subarray(cut));
    if (first.kind !== 'incomplete' || second.kind !== 'whole' || second.length !== hello.length) wrong++;
  }
  t.equal(wrong, 0, `cut in two at each of ${hello.length} bytes`);
  const reader = new HelloReader();
  const byte = Buffer.alloc(1);
  const verdicts: HelloVerdict[] = [];
  for (const value of hello) {
    byte[0] = value;
    verdicts.push(reader.push(byte));
    byte[0] = 0;
  }
  t.same(verdicts.pop(), whole(hello), 'one byte at a time');
  t.ok(
    verdicts.every((v) => v.kind === 'incomplete'),
    'and not a byte too early',
  );
}

t.test('hellos of node:tls', async (t) => {
  const real = {
    'TLS 1.3': await nodeHello({ minVersion: 'TLSv1.3', servername: 'smartproxy.example.net' }),
    'TLS 1.2': await nodeHello({ maxVersion: 'TLSv1.2' }),
    'both, with ALPN': await nodeHello({ ALPNProtocols: ['h2', 'http/1.1'] }),
    'larger than one record': await nodeHello({ ALPNProtocols: manyProtocols(20_000) }),
    'in four records': await nodeHello({ ALPNProtocols: manyProtocols(60_000) }),
  };
  t.equal(real['larger than one record'].readUInt16BE(3), 16_384, 'the first record is full');
  t.ok(real['in four records'].length > 3 * 16_384);
  for (const [what, hello] of Object.entries(real)) {
    t.test(what, async (t) => {
      t.equal(endOfHello(hello), hello.length);
      everyCut(t, hello);
    });
  }
});

t.test('hellos that resume a session', async (t) => {
  const { certificate: cert, key } = await (await makeAuthority()).issue({ commonName: 'localhost' });
  const server = createServer({ cert, key }, (socket) => socket.on('error', () => {}).write('x'));
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  t.teardown(() => server.close());
  for (const version of ['TLSv1.2', 'TLSv1.3'] satisfies SecureVersion[]) {
    const options = { minVersion: version, maxVersion: version, rejectUnauthorized: false };
    const client = connect({ ...options, host: '127.0.0.1', port: (server.address() as AddressInfo).port });
    const [session] = (await once(client, 'session')) as [Buffer];
    client.destroy();
    const hello = await nodeHello({ ...options, session });
    t.ok(hello.length > (await nodeHello(options)).length + 100, `${version}: the ticket is in it`);
    everyCut(t, hello);
  }
});

t.test('hellos of openssl', { skip: noOpenssl }, async (t) => {
  for (const args of [
    ['-tls1_3'],
    ['-tls1_2'],
    ['-tls1_2', '-noservername', '-no_ticket', '-split_send_frag', '512'],
  ]) {
    const hello = await opensslFlight(args);
    t.equal(endOfHello(hello), hello.length, args.join(' '));
    everyCut(t, hello);
  }
});

t.test('what clients of other times send', async (t) => {
  for (const minor of [0, 1, 2, 3, 4]) {
    const hello = inRecords(helloMessage({ extensions: [] }), [1000], 0x0300 | minor);
    t.same(new HelloReader().push(hello), whole(hello), `a record of version 3.${minor}`);
  }
  const old = inRecords(helloMessage({ version: 0x0300 }), [1000], 0x0300);
  t.same(new HelloReader().push(old), whole(old), 'SSL 3.0, without extensions');
  const fields = { session: Buffer.alloc(32), ciphers: Buffer.alloc(200), compressions: Buffer.from([1, 0]) };
  const full = inRecords(helloMessage({ ...fields, extensions: [[0xfafa, Buffer.alloc(0)]] }), [1000]);
  everyCut(t, full);
});

t.test('records of any size', async (t) => {
  const message = helloMessage({ extensions: [[16, Buffer.alloc(300)]] });
  for (const sizes of [[1], [2], [3], [1, 1000], [3, 1, 1000], [4, 1000], [5, 7], [16_384]]) {
    everyCut(t, inRecords(message, sizes));
  }
});

t.test('the largest hello', async (t) => {
  /** A hello of exactly so many bytes on the wire, in records that are full. */
  const ofSize = (size: number): Buffer => {
    const records = Math.ceil(size / 16_389);
    const pad = size - 5 * records - helloMessage({ extensions: [[16, Buffer.alloc(0)]] }).length;
    return inRecords(helloMessage({ extensions: [[16, Buffer.alloc(pad)]] }), [16_384]);
  };
  const largest = ofSize(MOST_HELLO);
  t.equal(largest.length, MOST_HELLO);
  t.same(new HelloReader().push(largest), whole(largest));
  const tooLarge = ofSize(MOST_HELLO + 1);
  t.equal(tooLarge.length, MOST_HELLO + 1);
  t.same(new HelloReader().push(tooLarge), { kind: 'too-large' });
});

const content = (maxLength: number) => fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes));
const anyHello = fc.record(
  {
    version: fc.integer({ min: 0x0300, max: 0x0304 }),
    session: content(32),
    ciphers: fc.uint8Array({ minLength: 1, maxLength: 80 }).map((b) => Buffer.concat([b, b])),
    compressions: fc.uint8Array({ minLength: 1, maxLength: 9 }).map((b) => Buffer.from(b)),
    extensions: fc.array(
      fc.tuple(
        fc.integer({ min: 0, max: 0xffff }).filter((type) => type !== 42),
        content(400),
      ),
    ),
  },
  { requiredKeys: [] },
);
const sizes = (max: number) => fc.array(fc.integer({ min: 1, max }), { minLength: 1, maxLength: 20 });

t.test('any hello, in any records, in any packets', async () => {
  fc.assert(
    fc.property(anyHello, sizes(200), sizes(150), (parts, records, packets) => {
      const hello = inRecords(helloMessage(parts), records);
      const reader = new HelloReader();
      let at = 0;
      for (let i = 0; at < hello.length; i++) {
        const next = at + (packets[i % packets.length] ?? 1);
        const { kind } = reader.push(hello.subarray(at, next));
        at = next;
        if (kind !== (at < hello.length ? 'incomplete' : 'whole')) throw new Error(`${kind} at ${at}`);
      }
    }),
    { numRuns: 2000 },
  );
});

t.test('any bytes: the packets they come in change nothing, and what is whole is a hello', async () => {
  const damaged = fc
    .tuple(anyHello, sizes(200), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }), content(20))
    .map(([parts, records, damages, tail]) => {
      const bytes = Buffer.concat([inRecords(helloMessage(parts), records), tail]);
      for (const [at, value] of damages) bytes[at % bytes.length] = value;
      return bytes;
    });
  fc.assert(
    fc.property(fc.oneof(damaged, content(200)), (bytes) => {
      const atOnce = new HelloReader().push(bytes);
      const reader = new HelloReader();
      let ended: string | undefined;
      let last: HelloVerdict = { kind: 'incomplete' };
      for (let at = 0; at < bytes.length; at++) {
        last = reader.push(bytes.subarray(at, at + 1));
        if (ended !== undefined && last.kind !== ended) throw new Error(`${ended} became ${last.kind}`);
        if (last.kind !== 'incomplete') ended = last.kind;
      }
      if (JSON.stringify(last) !== JSON.stringify(atOnce)) throw new Error('depends on the packets');
      if (last.kind === 'whole' && endOfHello(bytes) !== last.length) throw new Error('ends elsewhere');
      if (last.kind === 'whole' && last.length + last.trailing !== bytes.length) throw new Error('bytes are missing');
    }),
    { numRuns: 5000 },
  );
});
