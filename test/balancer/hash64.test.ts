import t from 'tap';
import { fnvStart, fnvText, mix64, type Word64, word64 } from '../../src/balancer/hash64.ts';
import { nameHashes } from '../../src/balancer/name-hashes.ts';
import { seededRandom } from '../fixtures/candidates.ts';
import * as inBigInt from '../fixtures/rendezvous-in-bigint.ts';

const toBigInt = (high: number, low: number) => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
const value = (word: Word64) => toBigInt(word[0] ?? 0, word[1] ?? 0);

t.test('FNV-1a gives the values published with it', async (t) => {
  const published: Record<string, bigint> = {
    '': 0xcbf29ce484222325n,
    a: 0xaf63dc4c8601ec8cn,
    foobar: 0x85944171f73967e8n,
  };
  for (const [text, expected] of Object.entries(published)) {
    const word = word64();
    fnvStart(word);
    fnvText(word, text);
    t.equal(value(word), expected, JSON.stringify(text));
  }
});

t.test('the mixer is the one of SplitMix64, as its published sequence from the seed 1234567 shows', async (t) => {
  const published = [
    6457827717110365317n,
    3203168211198807973n,
    9817491932198370423n,
    4593380528125082431n,
    16408922859458223821n,
  ];
  let state = 1234567n;
  for (const expected of published) {
    state = (state + 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn;
    const word = word64();
    mix64(Number(state >> 32n) | 0, Number(state & 0xffffffffn) | 0, word);
    t.equal(value(word), expected);
  }
});

t.test('the mixer on halves agrees with 64-bit arithmetic', async (t) => {
  const random = seededRandom(1);
  const edges = [0, 1, -1, 0x7fffffff, -0x80000000, 0xffff, 0x10000];
  const half = (i: number) => edges[i] ?? Math.floor(random() * 0x1_0000_0000) | 0;
  const word = word64();
  let wrong = 0;
  for (let i = 0; i < 20_000; i++) {
    const high = half(i % 20);
    const low = half(Math.floor(i / 20) % 20);
    mix64(high, low, word);
    if (value(word) !== inBigInt.mix(toBigInt(high, low))) wrong++;
  }
  t.equal(wrong, 0);
});

t.test('names beyond ASCII are hashed as UTF-8', async (t) => {
  const word = word64();
  fnvStart(word);
  fnvText(word, 'knötchen');
  t.equal(value(word), inBigInt.fnv(Buffer.from('knötchen')));
});

t.test('hashes of names are kept in a bounded number and stay right', async (t) => {
  const names = nameHashes();
  let wrong = 0;
  for (let i = 0; i < 20_000; i++) {
    const name = `node${i % 15_000}`;
    const place = names.place(name, i);
    const found = toBigInt(names.high[place] ?? 0, names.low[place] ?? 0);
    if (found !== inBigInt.mix(inBigInt.fnv(Buffer.from(name)))) wrong++;
  }
  t.equal(wrong, 0);
  t.ok(names.high.length <= 4096, `${names.high.length} are kept`);
  t.equal(names.low.length, names.high.length);
});
