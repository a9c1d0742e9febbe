// Which relay runs: what the file says, what loads, and what passes its self-test in this very process.

import t from 'tap';
import { loadNative, type NativeAddon, SLAB_SLOTS, SLOT_DOUBLES } from '../../src/net/native-addon.ts';
import { chooseRelay, type RelayChoice } from '../../src/net/relay-choice.ts';
import { startNetRelay } from '../../src/net/relay-net.ts';
import { manualClock } from '../fixtures/manual-clock.ts';

const AUTO = { kind: 'auto', threads: 'auto' } as const;
const NATIVE = { kind: 'native', threads: 'auto' } as const;

/** An addon that can be loaded, with this in place of what it should do. */
function broken(patch: Partial<NativeAddon>): () => { addon: NativeAddon } {
  const addon: NativeAddon = {
    open: (threads) => ({ turns: new ArrayBuffer(8 * threads), ended: new ArrayBuffer(1024) }),
    start: () => -1,
    stop: () => {},
    keepAlive: () => {},
    slab: () => new ArrayBuffer(8 * SLAB_SLOTS * SLOT_DOUBLES),
    wake: () => {},
    close: () => {},
    ...patch,
  };
  return () => ({ addon });
}

t.test('net is net', async (t) => {
  const choice = await chooseRelay({ kind: 'net', threads: 'auto' }, 20_000);
  t.match(choice, { kind: 'net', start: startNetRelay, threads: 0, descriptors: 0, reason: 'the file says so' });
  t.ok(choice.moved());
  choice.close();
});

const { addon, why } = { why: '', ...loadNative(process.env['CHARGEHAND_NATIVE']) };

t.test('auto is native where that works', { skip: addon === undefined && why }, async (t) => {
  const choice = await chooseRelay(AUTO, 20_000);
  t.match(choice, { kind: 'native', reason: 'it loads and works here' });
  t.ok(choice.threads >= 1);
  t.equal(choice.descriptors, 512 + 2 * choice.threads, 'both ends of each pipe; what each thread waits on');
  choice.close();
  const few = await chooseRelay({ kind: 'native', threads: 3 }, 1024);
  t.match(few, { kind: 'native', threads: 3, descriptors: 32 + 6 }, 'few descriptors, few pipes');
  t.ok(few.moved(), 'nothing is asked of the first answer');
  few.close();
});

t.test('without it auto is net, and says why; native is an error with the way out', async (t) => {
  const missing = () => ({ addon: undefined, why: 'there is none' });
  const choice = await chooseRelay(AUTO, 20_000, missing);
  t.match(choice, { kind: 'net', reason: 'no native relay: there is none' });
  await t.rejects(chooseRelay(NATIVE, 20_000, missing), {
    code: 'no-native-relay',
    message: 'relay.kind native: there is none; kind: auto does without it',
  });
});

t.test('one that loads but does not work is none', async (t) => {
  const faults: readonly (readonly [Partial<NativeAddon>, string])[] = [
    [
      {
        open: () => {
          throw new Error('no threads');
        },
      },
      'no threads',
    ],
    [{ start: () => -24 }, 'not handed over'],
  ];
  for (const [patch, what] of faults) {
    const { kind, reason } = await chooseRelay(AUTO, 20_000, broken(patch));
    t.equal(kind, 'net');
    t.match(reason, what);
  }
});

t.test(
  'one that never tells of an end is given up, but a busy machine is waited for',
  {
    skip: addon === undefined && why,
  },
  async (t) => {
    if (addon === undefined) return;
    const clock = manualClock();
    const { open } = addon;
    let choosing: Promise<RelayChoice> | undefined;
    const swallowed = new Promise<void>((resolve) => {
      const mute: NativeAddon = { ...addon, open: (threads, pipes) => open(threads, pipes, () => resolve()) };
      choosing = chooseRelay(AUTO, 20_000, () => ({ addon: mute }), clock);
    });
    await swallowed;
    await clock.advance(19_000);
    t.equal(clock.pending, 1, 'it goes on waiting');
    await clock.advance(1000);
    t.match(await choosing, { kind: 'net', reason: 'no native relay: its self-test was not over within 20 s' });
    t.equal(clock.pending, 0, 'nothing is left behind');
  },
);

t.test('a file that is no relay is none', async (t) => {
  t.match(loadNative('/nonexistent/relay.node'), { addon: undefined, why: /no linux-|no / });
  t.match(loadNative(import.meta.filename.replace(/\.ts$/, '.none')), { addon: undefined });
  t.match(loadNative('node:path'), { addon: undefined, why: 'node:path is another version of it' });
});
