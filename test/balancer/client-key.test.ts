import t from 'tap';
import { maskAddress, readAddress } from '../../src/balancer/client-key.ts';

function key(client: string | undefined, prefix: number): string {
  const words = new Int32Array(4).fill(0x5a5a5a5a);
  const count = readAddress(client, words);
  maskAddress(words, count, prefix);
  return [...words.subarray(0, count)].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

t.test('an address is read and cut to its prefix', async (t) => {
  const rows: readonly [client: string, prefix: number, key: string][] = [
    ['192.0.2.1', 32, 'c0000201'],
    ['0.0.0.0', 32, '00000000'],
    ['255.255.255.255', 32, 'ffffffff'],
    ['255.255.255.255', 31, 'fffffffe'],
    ['255.255.255.255', 1, '80000000'],
    ['255.255.255.255', 0, '00000000'],
    ['192.0.2.129', 25, 'c0000280'],
    ['::ffff:192.0.2.1', 24, 'c0000200'],
    ['::ffff:c000:201', 32, 'c0000201'],
    ['::1', 128, '00000000000000000000000000000001'],
    ['::1', 127, '00000000000000000000000000000000'],
    ['2001:db8:1:2:3:4:5:6', 128, '20010db8000100020003000400050006'],
    ['2001:db8:1:2:3:4:5:6', 64, '20010db8000100020000000000000000'],
    ['2001:db8:ffff:ffff::', 33, '20010db8800000000000000000000000'],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 65, 'ffffffffffffffff8000000000000000'],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 0, '00000000000000000000000000000000'],
  ];
  for (const [client, prefix, expected] of rows) t.equal(key(client, prefix), expected, `${client}/${prefix}`);
});

t.test('what is no address has no words', async (t) => {
  const none = [undefined, '', 'proxy01', '1.2.3', '1.2.3.4.5', '1.2.3.256', '1.2.3.', '.1.2.3', '1..2.3', '1.2.3.4 '];
  for (const client of [...none, '0001.2.3.4', '1.2.3.4/8', ':', 'xx::1', '1:2:3:4:5:6:7:8:9'])
    t.equal(key(client, 32), '', String(client));
});
