// The values that are texts of their own kind: durations, rates, networks, near words.

import t from 'tap';
import { cidrFault } from '../../src/config/cidr.ts';
import { durationMs, parseDuration } from '../../src/config/duration.ts';
import { near } from '../../src/config/near.ts';
import { parseRate } from '../../src/config/rate.ts';
import { cidrMatcher } from '../../src/core/address.ts';

t.test('durations', (t) => {
  for (const [text, ms] of [
    ['0s', 0],
    ['200ms', 200],
    ['5s', 5_000],
    ['15m', 900_000],
    ['2h', 7_200_000],
    ['2147483647ms', 2_147_483_647],
  ] as const) {
    t.equal(parseDuration(text), ms, text);
  }
  for (const text of ['', '5', 's', '5 s', '1.5s', '-1s', '05s', '1d', '1H', '1m30s', '2147483648ms', '597h', '1e3s']) {
    t.equal(parseDuration(text), undefined, text);
  }
  t.throws(() => durationMs('soon'), RangeError);
  t.end();
});

t.test('rates', (t) => {
  t.strictSame(parseRate('20/s'), { count: 20, perSecond: 20 });
  t.strictSame(parseRate('90/m'), { count: 90, perSecond: 1.5 });
  t.strictSame(parseRate('36/h'), { count: 36, perSecond: 0.01 });
  for (const text of ['0/s', '20', '20/d', '20/ms', '-1/s', '1.5/s', '/s']) t.equal(parseRate(text), undefined, text);
  t.end();
});

t.test('networks: what is accepted can be matched', (t) => {
  for (const text of ['0.0.0.0/0', '192.0.2.0/24', '192.0.2.1', '2001:db8::/32', '::1', '::/0', '192.0.2.7/24']) {
    t.equal(cidrFault(text), undefined, text);
    t.doesNotThrow(() => cidrMatcher([text]));
  }
  for (const text of [
    '',
    'ten',
    '192.0.2',
    '192.0.2.0/33',
    '192.0.2.0/',
    '192.0.2.0/8/8',
    '010.0.0.1',
    '::/129',
    'fe80::1%eth0',
    '10',
    '::ffff:10.0.0.0/104',
    '1.2.3.4/-1',
  ]) {
    t.type(cidrFault(text), 'string', text);
  }
  t.end();
});

t.test('near words', (t) => {
  const keys = [
    'listen',
    'timeouts',
    'wait_for_client',
    'handshake_failover',
    'port',
    'nodes',
    'node',
    'ca',
    'key',
    'idle',
  ];
  for (const [word, meant] of [
    ['lisen', 'listen'],
    ['Listen', 'listen'],
    ['timeout', 'timeouts'],
    ['waitForClient', 'wait_for_client'],
    ['wait-for-client', 'wait_for_client'],
    ['handshake_failovr', 'handshake_failover'],
    ['prot', 'port'],
    ['idel', 'idle'],
    ['node', 'node'],
    ['keys', 'key'],
    ['xa', undefined],
    ['banana', undefined],
    ['', undefined],
    ['x'.repeat(100), undefined],
  ] as const) {
    t.equal(near(word, keys), meant, word);
  }
  t.end();
});
