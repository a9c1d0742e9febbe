import fc from 'fast-check';
import t, { type Test } from 'tap';
import { crc32c } from '../../src/net/crc32c.ts';
import { parseProxyHeader } from '../../src/net/proxy-protocol.ts';

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const LOCAL = 0x20;
const PROXY = 0x21;
const NOBODY = { source: undefined, destination: undefined };

const IPV4 = Buffer.from('c0000207' + 'c6336401' + '9c40' + '01bb', 'hex');
const IPV4_PAIR = {
  source: { address: '192.0.2.7', port: 40_000 },
  destination: { address: '198.51.100.1', port: 443 },
};
const IPV6 = Buffer.from(`${'20010db8'}${'0'.repeat(23)}7${'20010db8'}${'0'.repeat(23)}1000101bb`, 'hex');
const IPV6_PAIR = { source: { address: '2001:db8::7', port: 1 }, destination: { address: '2001:db8::1', port: 443 } };

function header(command: number, family: number, block: Buffer): Buffer {
  return Buffer.concat([SIGNATURE, Buffer.from([command, family, block.length >> 8, block.length & 0xff]), block]);
}

function value(type: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type, content.length >> 8, content.length & 0xff]), content]);
}

/** The header with its checksum (0 so far) put in. */
function summed(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt32BE(crc32c(bytes), at);
  return copy;
}

function takes(t: Test, bytes: Buffer, expected: object, what: string): void {
  const tail = Buffer.from('GET / HTTP/1.1\r\n');
  t.same(parseProxyHeader(Buffer.concat([bytes, tail])), { kind: 'header', length: bytes.length, ...expected }, what);
  for (let cut = 0; cut < bytes.length; cut++) {
    if (parseProxyHeader(bytes.subarray(0, cut)).kind !== 'incomplete') t.fail(`${what}: not incomplete at ${cut}`);
  }
}

function refuses(t: Test, bytes: Buffer, reason: RegExp, what: string): void {
  t.match(parseProxyHeader(bytes), { kind: 'bad', reason }, what);
}

t.test('the checksum is that of RFC 3720, appendix B.4, and of everybody', async (t) => {
  t.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  t.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa);
  t.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43);
  t.equal(crc32c(Buffer.from(Array.from({ length: 32 }, (_, i) => i))), 0x46dd794e);
  t.equal(crc32c(Buffer.from('6789'), crc32c(Buffer.from('12345'))), 0xe3069283, 'in two parts');
  t.equal(crc32c(Buffer.alloc(0)), 0);
});

t.test('who connected', async (t) => {
  takes(t, header(PROXY, 0x11, IPV4), IPV4_PAIR, 'TCP over IPv4');
  takes(t, header(PROXY, 0x21, IPV6), IPV6_PAIR, 'TCP over IPv6');
  const mapped = Buffer.from(`${'0'.repeat(20)}ffffc0000207${'0'.repeat(20)}ffffc63364019c4001bb`, 'hex');
  takes(t, header(PROXY, 0x21, mapped), IPV4_PAIR, 'IPv4-mapped addresses are IPv4');
  const compatible = Buffer.from(`${'0'.repeat(24)}01020304${'0'.repeat(31)}100010002`, 'hex');
  const pair = { source: { address: '::102:304', port: 1 }, destination: { address: '::1', port: 2 } };
  takes(t, header(PROXY, 0x21, compatible), pair, 'and no others are');
});

t.test('headers that name nobody', async (t) => {
  takes(t, header(LOCAL, 0, Buffer.alloc(0)), NOBODY, 'LOCAL');
  takes(t, header(LOCAL, 0x11, IPV4), NOBODY, 'LOCAL with addresses: they are discarded');
  takes(t, header(LOCAL, 0xff, Buffer.from('anything')), NOBODY, 'LOCAL with an unknown family: it is ignored');
  takes(t, header(LOCAL, 0, Buffer.from('anything')), NOBODY, 'LOCAL with bytes that are no values');
  takes(t, header(LOCAL, 0x11, Buffer.alloc(3)), NOBODY, 'LOCAL with less than its addresses');
  takes(t, header(PROXY, 0, Buffer.alloc(0)), NOBODY, 'unspecified');
  takes(t, header(PROXY, 0x10, IPV4), NOBODY, 'IPv4, protocol unspecified');
  takes(t, header(PROXY, 0x01, Buffer.alloc(0)), NOBODY, 'family unspecified');
  takes(t, header(PROXY, 0x31, Buffer.alloc(216, 0x2f)), NOBODY, 'a Unix socket');
  takes(t, header(PROXY, 0x32, Buffer.alloc(216)), NOBODY, 'a Unix socket, datagrams');
  takes(t, header(PROXY, 0x12, IPV4), NOBODY, 'UDP over IPv4: valid, but not of this connection');
  takes(t, header(PROXY, 0x22, IPV6), NOBODY, 'UDP over IPv6');
});

t.test('values are stepped over', async (t) => {
  const values = Buffer.concat([
    value(0x01, Buffer.from('h2')),
    value(0x02, Buffer.from('smartproxy.example.net')),
    value(0x04, Buffer.alloc(0)),
    value(0x05, Buffer.alloc(128, 1)),
    // That of TLS has others in it, one with a type that would be a checksum further out.
    value(
      0x20,
      Buffer.concat([Buffer.from([1, 0, 0, 0, 0]), value(0x21, Buffer.from('TLSv1.3')), value(3, Buffer.alloc(4))]),
    ),
    value(0x30, Buffer.from('namespace')),
    value(0xea, Buffer.from('a cloud')),
    value(0xff, Buffer.alloc(300)),
  ]);
  takes(t, header(PROXY, 0x11, Buffer.concat([IPV4, values])), IPV4_PAIR, 'behind IPv4');
  takes(t, header(PROXY, 0x21, Buffer.concat([IPV6, values])), IPV6_PAIR, 'behind IPv6');
  takes(t, header(PROXY, 0x31, Buffer.concat([Buffer.alloc(216), values])), NOBODY, 'behind a Unix address');
  takes(t, header(PROXY, 0, values), NOBODY, 'behind nothing');
  takes(t, header(LOCAL, 0, values), NOBODY, 'of LOCAL');
});

t.test('truncated values', async (t) => {
  const value5 = value(0x05, Buffer.from('12345'));
  for (let cut = 1; cut < value5.length; cut++) {
    const values = value5.subarray(0, cut);
    refuses(t, header(PROXY, 0x11, Buffer.concat([IPV4, values])), /truncated/, `${cut} bytes of one`);
    refuses(t, header(PROXY, 0x21, Buffer.concat([IPV6, value5, values])), /truncated/, 'behind a whole one');
    refuses(t, header(PROXY, 0x31, Buffer.concat([Buffer.alloc(216), values])), /truncated/, 'behind a Unix address');
    refuses(t, header(PROXY, 0, values), /truncated/, 'behind nothing');
  }
  refuses(t, header(PROXY, 0x11, Buffer.concat([IPV4, Buffer.from([5, 0xff, 0xff])])), /truncated/, '64 kB announced');
});

t.test('truncated addresses', async (t) => {
  refuses(t, header(PROXY, 0x11, IPV4.subarray(1)), /truncated/, 'IPv4');
  refuses(t, header(PROXY, 0x11, Buffer.alloc(0)), /truncated/, 'none');
  refuses(t, header(PROXY, 0x21, IPV6.subarray(1)), /truncated/, 'IPv6');
  refuses(t, header(PROXY, 0x31, Buffer.alloc(215)), /truncated/, 'Unix');
  refuses(t, header(PROXY, 0x12, IPV4.subarray(1)), /truncated/, 'UDP');
});

t.test('a checksum is checked', async (t) => {
  const empty = value(3, Buffer.alloc(4));
  const rest = value(5, Buffer.from('id'));
  const good = summed(header(PROXY, 0x11, Buffer.concat([IPV4, empty, rest])), 16 + 12 + 3);
  takes(t, good, IPV4_PAIR, 'right');
  takes(t, summed(header(PROXY, 0x21, Buffer.concat([IPV6, rest, empty])), 16 + 36 + 5 + 3), IPV6_PAIR, 'right, last');
  takes(t, summed(header(LOCAL, 0, empty), 16 + 3), NOBODY, 'right, LOCAL');
  for (let at = 0; at < good.length; at++) {
    // The byte that says that there is a checksum is the one that can't be missed.
    if (at === 16 + 12) continue;
    const damaged = Buffer.from(good);
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    t.not(parseProxyHeader(damaged).kind, 'header', `damaged at ${at}`);
  }
  const turnedLocal = Buffer.from(good);
  turnedLocal[12] = LOCAL;
  refuses(t, turnedLocal, /checksum/, 'a PROXY that became a LOCAL');
  refuses(t, header(PROXY, 0x11, Buffer.concat([IPV4, value(3, Buffer.alloc(3))])), /checksum/, 'of 3 bytes');
  for (const at of [16 + 12 + 3, 16 + 12 + 7 + 3]) {
    const two = summed(header(PROXY, 0x11, Buffer.concat([IPV4, empty, empty])), at);
    refuses(t, two, /checksum/, 'two of them, one right');
  }
});

t.test('refused as soon as it shows', async (t) => {
  const whole = header(PROXY, 0x11, IPV4);
  const stories: [string, number, number[], RegExp][] = [
    ['another signature', 11, [0x0b], /not a PROXY header/],
    ['version 1', 12, [0x11], /version 2/],
    ['version 3', 12, [0x31], /version 2/],
    ['command 2', 12, [0x22], /neither LOCAL nor PROXY/],
    ['command 15', 12, [0x2f], /neither LOCAL nor PROXY/],
    ['family 4', 13, [0x41], /unknown address family/],
    ['family 15', 13, [0xf1], /unknown address family/],
    ['protocol 3', 13, [0x13], /unknown address family or protocol/],
    ['protocol 3, family unspecified', 13, [0x03], /unknown address family or protocol/],
    ['4097 bytes', 14, [0x0f, 0xf1], /longer than 4096/],
    ['64 kB', 14, [0xff, 0xff], /longer than 4096/],
  ];
  for (const [what, at, bytes, reason] of stories) {
    const changed = Buffer.from(whole);
    changed.set(bytes, at);
    refuses(t, changed.subarray(0, at + bytes.length), reason, what);
    refuses(t, changed, reason, 'and with what follows');
    t.equal(parseProxyHeader(changed.subarray(0, at)).kind, 'incomplete', 'but not before');
  }
});

t.test('the longest header', async (t) => {
  const pad = value(4, Buffer.alloc(4096 - 16 - 12 - 3));
  const longest = header(PROXY, 0x11, Buffer.concat([IPV4, pad]));
  t.equal(longest.length, 4096);
  takes(t, longest, IPV4_PAIR, 'is taken');
});

t.test('any bytes behind the signature: no error, no change of mind, nothing read behind the end', async () => {
  const commands = fc.constantFrom(LOCAL, PROXY, 0x22, 0x11);
  const families = fc.constantFrom(0, 0x11, 0x21, 0x31, 0x12, 0x41, 0x13, 0xff);
  const values = fc
    .array(fc.tuple(fc.constantFrom(1, 3, 4, 5, 0x20, 0xee), fc.uint8Array({ maxLength: 6 })), { maxLength: 5 })
    .map((list) => Buffer.concat(list.map(([type, content]) => value(type, Buffer.from(content)))));
  const block = fc
    .tuple(fc.constantFrom(0, 12, 36, 216), values, fc.uint8Array({ maxLength: 3 }))
    .map(([addresses, list, rest]) => Buffer.concat([Buffer.alloc(addresses, 7), list, rest]));
  fc.assert(
    fc.property(commands, families, block, fc.uint8Array({ maxLength: 30 }), (command, family, bytes, tail) => {
      const stream = Buffer.concat([header(command, family, bytes), tail]);
      let ended: string | undefined;
      for (let n = 0; n <= stream.length; n++) {
        const parsed = parseProxyHeader(stream.subarray(0, n));
        if (ended !== undefined && JSON.stringify(parsed) !== ended) throw new Error(`${ended} became ${parsed.kind}`);
        if (parsed.kind !== 'incomplete') ended = JSON.stringify(parsed);
        if (parsed.kind === 'header' && parsed.length !== 16 + bytes.length) throw new Error('another length');
      }
      if (ended === undefined) throw new Error('no end');
    }),
    { numRuns: 3000 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void parseProxyHeader(Buffer.from(bytes))));
});
