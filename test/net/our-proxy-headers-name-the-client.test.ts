import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import t from 'tap';
import { canonicalAddress } from '../../src/core/address.ts';
import { encodeV1, encodeV2, looksLikeProxyHeader, MOST_V1, parseProxyHeader } from '../../src/net/proxy-protocol.ts';

const ends = (from: string, fromPort: number, to: string, toPort: number) => ({
  source: { address: from, port: fromPort },
  destination: { address: to, port: toPort },
});

t.test('to the byte', async (t) => {
  const ipv4 = ends('192.0.2.7', 40_000, '198.51.100.1', 443);
  const ipv6 = ends('2001:db8::7', 1, '2001:db8::1', 65_535);
  const mixed = ends('192.0.2.7', 1, '2001:db8::1', 2);
  const signature = '0d0a0d0a000d0a515549540a';
  t.equal(encodeV1(ipv4).toString(), 'PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\n');
  t.equal(encodeV1(ipv6).toString(), 'PROXY TCP6 2001:db8::7 2001:db8::1 1 65535\r\n');
  // In the specification's own form, without dots; HAProxy writes ::ffff:192.0.2.7 and reads both.
  t.equal(encodeV1(mixed).toString(), 'PROXY TCP6 ::ffff:c000:207 2001:db8::1 1 2\r\n');
  t.equal(encodeV1('unknown').toString(), 'PROXY UNKNOWN\r\n');
  t.equal(encodeV2(ipv4).toString('hex'), `${signature}2111000cc0000207c63364019c4001bb`);
  t.equal(
    encodeV2(ipv6).toString('hex'),
    `${signature}2121002420010db800000000000000000000000720010db80000000000000000000000010001ffff`,
  );
  t.equal(
    encodeV2(mixed).toString('hex'),
    `${signature}2121002400000000000000000000ffffc000020720010db800000000000000000000000100010002`,
  );
  t.equal(encodeV2('local').toString('hex'), `${signature}20000000`);
});

t.test('IPv4-mapped addresses and zones', async (t) => {
  const mapped = ends('::ffff:192.0.2.7', 1, '::FFFF:c633:6401', 2);
  t.equal(encodeV1(mapped).toString(), 'PROXY TCP4 192.0.2.7 198.51.100.1 1 2\r\n');
  const zone = ends('fe80::1%eth0', 1, 'fe80::2%1', 2);
  t.equal(encodeV1(zone).toString(), 'PROXY TCP6 fe80::1 fe80::2 1 2\r\n');
  t.same(parseProxyHeader(encodeV2(zone)), { kind: 'header', length: 52, ...ends('fe80::1', 1, 'fe80::2', 2) });
});

t.test('what is no address (a Unix socket has none) names nobody', async (t) => {
  for (const pair of [ends('', 0, '192.0.2.1', 1), ends('192.0.2.1', 1, '/run/x.sock', 0)]) {
    t.equal(encodeV1(pair).toString(), 'PROXY UNKNOWN\r\n');
    t.same(encodeV2(pair), encodeV2('local'));
  }
});

const port = fc.integer({ min: 0, max: 65_535 });
const address = fc
  .oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.ipV6())
  .map((a) => (typeof a === 'string' ? ipaddr.parse(a) : ipaddr.fromByteArray([...a])).toString())
  .map(canonicalAddress);
const endpoint = fc.record({ address, port });

t.test('any two addresses come back as they were', async () => {
  fc.assert(
    fc.property(endpoint, endpoint, (source, destination) => {
      for (const encoded of [encodeV1({ source, destination }), encodeV2({ source, destination })]) {
        const expected = { kind: 'header', length: encoded.length, source, destination };
        const parsed = parseProxyHeader(Buffer.concat([encoded, Buffer.from('\r\n')]));
        if (JSON.stringify(parsed) !== JSON.stringify(expected)) throw new Error(JSON.stringify(parsed));
        if (looksLikeProxyHeader(encoded) !== 'yes') throw new Error('not seen as one');
        if (encoded[0] === 0x50 && encoded.length > MOST_V1) throw new Error('too long');
      }
    }),
    { numRuns: 3000 },
  );
});

t.test('a signature is recognised when it is whole, and nothing else is', async (t) => {
  for (const signature of [Buffer.from('PROXY '), encodeV2('local').subarray(0, 12)]) {
    for (let n = 0; n < signature.length; n++) {
      t.equal(looksLikeProxyHeader(signature.subarray(0, n)), 'maybe', `${n} bytes`);
      const other = Buffer.concat([signature.subarray(0, n), Buffer.from('~')]);
      t.equal(looksLikeProxyHeader(other), 'no', `${n} bytes and another`);
    }
    t.equal(looksLikeProxyHeader(signature), 'yes');
    t.equal(looksLikeProxyHeader(Buffer.concat([signature, Buffer.from('whatever')])), 'yes', 'good or bad behind it');
  }
  for (const text of ['GET / ', 'PUT / ', 'POST / ', 'PROXYX', 'proxy ', '\x16\x03\x01', '\r\n\r\n\r\n']) {
    t.equal(looksLikeProxyHeader(Buffer.from(text)), 'no', JSON.stringify(text));
  }
});
