import fc from 'fast-check';
import t, { type Test } from 'tap';
import { type ParsedHeader, parseProxyHeader } from '../../src/net/proxy-protocol.ts';

const parse = (text: string): ParsedHeader => parseProxyHeader(Buffer.from(text, 'latin1'));

/** Taken at its end and not a byte before, whatever follows. */
function takes(t: Test, line: string, expected: object): void {
  const tail = '\x16\x03\x01 and more\r\n';
  t.same(parse(`${line}${tail}`), { kind: 'header', length: line.length, ...expected }, JSON.stringify(line));
  for (let cut = 0; cut < line.length; cut++) {
    if (parse(line.slice(0, cut)).kind !== 'incomplete')
      t.fail(`not incomplete: ${JSON.stringify(line.slice(0, cut))}`);
  }
}

const pair = (from: string, fromPort: number, to: string, toPort: number) => ({
  source: { address: from, port: fromPort },
  destination: { address: to, port: toPort },
});
const NOBODY = { source: undefined, destination: undefined };

t.test('what is taken', async (t) => {
  const lines: [string, object][] = [
    ['PROXY TCP4 192.168.0.1 192.168.0.11 56324 443', pair('192.168.0.1', 56324, '192.168.0.11', 443)],
    ['PROXY TCP4 0.0.0.0 255.255.255.255 0 65535', pair('0.0.0.0', 0, '255.255.255.255', 65535)],
    ['PROXY TCP6 2001:db8::7 ::1 1 2', pair('2001:db8::7', 1, '::1', 2)],
    ['PROXY TCP6 2001:0DB8:0:0::7 :: 1 2', pair('2001:db8::7', 1, '::', 2)],
    [
      `PROXY TCP6 ${'ffff:'.repeat(7)}fffe ${'ffff:'.repeat(7)}ffff 65535 65535`,
      pair(`${'ffff:'.repeat(7)}fffe`, 65535, `${'ffff:'.repeat(7)}ffff`, 65535),
    ],
    ['PROXY TCP6 ::ffff:192.0.2.7 ::ffff:c000:201 1 2', pair('192.0.2.7', 1, '192.0.2.1', 2)],
    ['PROXY TCP6 ::FFFF:192.0.2.7 2001:db8::1 1 2', pair('192.0.2.7', 1, '2001:db8::1', 2)],
    ['PROXY TCP6 64:ff9b::1 2001:db8::1 1 2', pair('64:ff9b::1', 1, '2001:db8::1', 2)],
    ['PROXY UNKNOWN', NOBODY],
    ['PROXY UNKNOWN ', NOBODY],
    [`PROXY UNKNOWN ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535`, NOBODY],
    ['PROXY UNKNOWN TCP4 \0\xff\r alone, and\n alone', NOBODY],
  ];
  for (const [line, expected] of lines) takes(t, `${line}\r\n`, expected);
  t.equal(`${lines.at(-2)?.[0]}\r\n`.length, 107, 'the longest line of the specification is among them');
});

/** Refused at the latest when the line is whole. `known`: the part at which it shows already. */
const REFUSED: [string, string?][] = [
  ['PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\n', 'PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\n'],
  ['PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\rX', 'PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\rX'],
  ['PROXY TCP4 192.168.0.1\r192.168.0.11 56324 443\r\n', 'PROXY TCP4 192.168.0.1\r1'],
  ['proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n', 'p'],
  ['PROXYTCP4 1.2.3.4 1.2.3.4 1 2\r\n', 'PROXYT'],
  ['PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n', 'PROXY  '],
  ['PROXY\tTCP4 1.2.3.4 1.2.3.4 1 2\r\n', 'PROXY\t'],
  [' PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n', ' '],
  ['PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n', 'PROXY UD'],
  ['PROXY tcp4 1.2.3.4 1.2.3.4 1 2\r\n', 'PROXY t'],
  ['PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n', 'PROXY TCP5'],
  ['PROXY TCP4\r\n', 'PROXY TCP4\r'],
  ['PROXY UNKNOWNX\r\n', 'PROXY UNKNOWNX'],
  ['PROXY UNKNOWN\n', 'PROXY UNKNOWN\n'],
  ['PROXY UNKNOWN\rX', 'PROXY UNKNOWN\rX'],
  ['PROXY UNK\r\n', 'PROXY UNK\r'],
  ['PROXY \r\n', 'PROXY \r'],
  ['PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n'],
  ['PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n'],
  ['PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n'],
  ['PROXY TCP4 1.2.3.4 1.2.3.4\r\n'],
  ['PROXY TCP4 \r\n'],
  ['PROXY TCP4 1.2.3.4  1.2.3.4 1 2\r\n'],
  ['PROXY TCP4 1.2.3.4 1.2.3.4 1  2\r\n'],
  ['PROXY TCP4 01.2.3.4 1.2.3.4 1 2\r\n'],
  ['PROXY TCP4 1.2.3.4 1.2.3.04 1 2\r\n'],
  ['PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n'],
  ['PROXY TCP4 1.2.3.4.5 1.2.3.4 1 2\r\n'],
  ['PROXY TCP4 1.2.3.256 1.2.3.4 1 2\r\n'],
  ['PROXY TCP4 16909060 1.2.3.4 1 2\r\n'],
  ['PROXY TCP4 0x1.2.3.4 1.2.3.4 1 2\r\n', 'PROXY TCP4 0x'],
  ['PROXY TCP4 ::1 1.2.3.4 1 2\r\n'],
  ['PROXY TCP4 1.2.3.4 ::1 1 2\r\n'],
  ['PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n'],
  ['PROXY TCP4 1.2.3.4 1.2.3.4 1 00\r\n'],
  ['PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n'],
  ['PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n'],
  ['PROXY TCP4 1.2.3.4 1.2.3.4 1 100000\r\n'],
  ['PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n', 'PROXY TCP4 1.2.3.4 1.2.3.4 -'],
  ['PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n', 'PROXY TCP4 1.2.3.4 1.2.3.4 +'],
  ['PROXY TCP4 1.2.3.4 1.2.3.4 a 2\r\n'],
  ['PROXY TCP4 1.2.3.4 1.2.3.4 1. 2\r\n'],
  ['PROXY TCP4 1.2.3.4 1.2.3.4 1 2\0\r\n', 'PROXY TCP4 1.2.3.4 1.2.3.4 1 2\0'],
  ['PROXY TCP6 1.2.3.4 ::1 1 2\r\n'],
  ['PROXY TCP6 ::1 1.2.3.4 1 2\r\n'],
  ['PROXY TCP6 ::1.2.3.4 ::1 1 2\r\n'],
  ['PROXY TCP6 ::ffff:0:1.2.3.4 ::1 1 2\r\n'],
  ['PROXY TCP6 ::ffff:01.2.3.4 ::1 1 2\r\n'],
  ['PROXY TCP6 ::ffff:1.2.3 ::1 1 2\r\n'],
  ['PROXY TCP6 1::2::3 ::1 1 2\r\n'],
  ['PROXY TCP6 1:2:3:4:5:6:7 ::1 1 2\r\n'],
  ['PROXY TCP6 1:2:3:4:5:6:7:8:9 ::1 1 2\r\n'],
  ['PROXY TCP6 00001::1 ::1 1 2\r\n'],
  ['PROXY TCP6 [::1] ::1 1 2\r\n', 'PROXY TCP6 ['],
  ['PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n', 'PROXY TCP6 fe80::1%'],
  ['PROXY TCP6 g::1 ::1 1 2\r\n', 'PROXY TCP6 g'],
];

t.test('what is refused', async (t) => {
  for (const [line, known] of REFUSED) {
    t.equal(parse(line).kind, 'bad', JSON.stringify(line));
    t.equal(parse(`${line}GET / HTTP/1.1\r\n\r\n`).kind, 'bad', 'with more behind it');
    if (known === undefined) continue;
    t.equal(parse(known).kind, 'bad', `known at ${JSON.stringify(known)}`);
    t.equal(parse(known.slice(0, -1)).kind, 'incomplete', 'and not before');
  }
});

t.test('not a line of this protocol at all', async (t) => {
  for (const text of ['GET / HTTP/1.1\r\n', 'PUT / HTTP/1.1\r\n', '\x16\x03\x01', 'SSH-2.0\r\n', '\n', 'Q']) {
    t.same(parse(text), { kind: 'bad', reason: 'not a PROXY header' }, JSON.stringify(text));
  }
});

t.test('a line without an end is refused at 107 bytes', async (t) => {
  const long = `PROXY UNKNOWN ${'x'.repeat(200)}`;
  t.equal(parse(long.slice(0, 106)).kind, 'incomplete');
  t.match(parse(long.slice(0, 107)), { kind: 'bad', reason: /no CRLF/ });
  t.equal(parse(`${long.slice(0, 106)}\r`).kind, 'bad');
  t.equal(parse(`${long.slice(0, 105)}\r\n`).kind, 'header');
  t.equal(parse(`${long.slice(0, 106)}\r\n`).kind, 'bad', 'an end that comes one byte too late');
  t.equal(parse(`PROXY TCP4 ${'1'.repeat(200)}`).kind, 'bad');
});

t.test('a bad line stays bad, whatever comes, and no reason has the line in it', async () => {
  const parts = fc.constantFrom(
    'PROXY',
    ' ',
    'TCP4',
    'TCP6',
    'UNKNOWN',
    '1.2.3.4',
    '::1',
    '80',
    '0',
    '\r',
    '\n',
    '\r\n',
    'x',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(parts, fc.string({ maxLength: 3 })), { maxLength: 14 }), (words) => {
      const bytes = Buffer.from(`PROXY TCP4 ${words.join('')}`.slice(words.length % 3 === 0 ? 0 : 11), 'latin1');
      let ended: ParsedHeader | undefined;
      for (let n = 0; n <= bytes.length; n++) {
        const now = parseProxyHeader(bytes.subarray(0, n));
        if (ended !== undefined && now.kind !== ended.kind) throw new Error(`${ended.kind} became ${now.kind}`);
        if (now.kind !== 'incomplete') ended = now;
        if (now.kind === 'bad' && !/^[\w :.]*$/.test(now.reason)) throw new Error(now.reason);
        if (now.kind === 'header' && bytes.toString('latin1', now.length - 2, now.length) !== '\r\n')
          throw new Error('end');
      }
    }),
    { numRuns: 5000 },
  );
});
