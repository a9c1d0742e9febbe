import t from 'tap';
import { canonicalAddress, cidrMatcher, formatHostPort, isAddress } from '../../src/core/address.ts';

t.test('one text for each address', async (t) => {
  for (const [text, canonical] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::1', '::1'],
    ['no:address', 'no:address'],
    ['', ''],
  ] as const) {
    t.equal(canonicalAddress(text), canonical, text);
  }
});

t.test('with a port', async (t) => {
  t.equal(formatHostPort('192.0.2.1', 443), '192.0.2.1:443');
  t.equal(formatHostPort('2001:db8::1', 443), '[2001:db8::1]:443');
  t.equal(formatHostPort('proxy01.example.net', 443), 'proxy01.example.net:443');
});

t.test('addresses and names', async (t) => {
  for (const text of ['192.0.2.1', '2001:db8::1', '::', '::ffff:192.0.2.1']) t.ok(isAddress(text), text);
  for (const text of ['proxy01', '192.0.2', '192.0.2.256', '0x7f.1', '192.0.2.1:80', '', '2001:db8::g']) {
    t.notOk(isAddress(text), text);
  }
});

t.test('networks', async (t) => {
  const matches = cidrMatcher(['192.0.2.0/24', '198.51.100.7', '2001:db8::/32', '::1', '::ffff:203.0.113.0/120']);
  for (const address of ['192.0.2.0', '192.0.2.255', '198.51.100.7', '2001:db8:ffff::1', '::1', '203.0.113.9']) {
    t.ok(matches(address), address);
  }
  for (const address of ['192.0.3.0', '198.51.100.8', '2001:db9::1', '::2', '203.0.112.1', '', 'proxy01']) {
    t.notOk(matches(address), address);
  }
  t.ok(matches('::ffff:192.0.2.1'), 'however it is written');
  t.notOk(cidrMatcher([])('192.0.2.1'), 'an empty list has nobody in it');
  t.ok(cidrMatcher(['0.0.0.0/0'])('192.0.2.1'));
  t.notOk(cidrMatcher(['0.0.0.0/0'])('::1'), 'all of one family');
  t.ok(cidrMatcher(['::/0'])('::1'));
  t.notOk(cidrMatcher(['::/0'])('192.0.2.1'), 'and of the other');
  t.throws(() => cidrMatcher(['192.0.2.0/33']));
});
