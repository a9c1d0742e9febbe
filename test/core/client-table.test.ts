import t from 'tap';
import { ClientTable } from '../../src/core/client-table.ts';
import { manualClock } from '../fixtures/manual-clock.ts';

t.test('so many sessions at once', async (t) => {
  const table = new ClientTable({ maxSessions: 2, rate: undefined }, manualClock());
  const admitted = () => table.admit('192.0.2.1');
  t.same([admitted(), admitted(), admitted()], [true, true, false]);
  t.ok(table.admit('192.0.2.2'));
  table.release('192.0.2.1');
  t.same([admitted(), admitted()], [true, false]);
  table.release('192.0.2.1');
  table.release('192.0.2.1');
  table.release('192.0.2.2');
  t.equal(table.size, 0, 'nothing is remembered of who has left');
  table.release('192.0.2.1');
  t.same([admitted(), admitted(), admitted()], [true, true, false], 'a release too many gives no place');
});

t.test('so many a second, after a burst', async (t) => {
  const clock = manualClock();
  const table = new ClientTable({ maxSessions: undefined, rate: { perSecond: 0.5, burst: 2 } }, clock);
  const admitted = () => table.admit('192.0.2.1');
  t.same([admitted(), admitted(), admitted()], [true, true, false]);
  await clock.advance(1999);
  t.notOk(admitted(), 'whoever asks too early loses nothing by it');
  await clock.advance(1);
  t.same([admitted(), admitted()], [true, false]);
  await clock.advance(3_600_000);
  t.same([admitted(), admitted(), admitted()], [true, true, false]);
});

t.test('a session that is refused for its number takes nothing from the rate', async (t) => {
  const clock = manualClock();
  const table = new ClientTable({ maxSessions: 1, rate: { perSecond: 1, burst: 2 } }, clock);
  t.same([table.admit('a'), table.admit('a'), table.admit('a')], [true, false, false]);
  table.release('a');
  t.same([table.admit('a'), table.admit('a')], [true, false]);
  table.release('a');
  t.notOk(table.admit('a'), 'the burst is used up');
});

t.test('a rate that a reload brings begins with its burst, however many sessions there were before', async (t) => {
  const clock = manualClock();
  const table = new ClientTable({ maxSessions: 100, rate: undefined }, clock);
  const admitted = () => table.admit('192.0.2.1');
  t.ok(admitted(), 'one that stays');
  for (let i = 0; i < 1000; i++) {
    admitted();
    table.release('192.0.2.1');
  }
  const rate = { perSecond: 1, burst: 2 };
  table.update({ maxSessions: 100, rate });
  t.same([admitted(), admitted(), admitted()], [true, true, false]);
  table.update({ maxSessions: 100, rate: { perSecond: 2, burst: 3 } });
  t.notOk(admitted(), 'another rate is no new beginning');
  table.update({ maxSessions: 100, rate: undefined });
  t.ok(admitted());
  table.update({ maxSessions: 100, rate });
  t.same([admitted(), admitted(), admitted()], [true, true, false], 'a rate after none is');
});

t.test('a rate that a reload takes away leaves nothing of who has left', async (t) => {
  const table = new ClientTable({ maxSessions: 1, rate: { perSecond: 1, burst: 1 } }, manualClock());
  t.ok(table.admit('a'));
  t.ok(table.admit('b'));
  table.release('a');
  t.equal(table.size, 2);
  table.update({ maxSessions: 1, rate: undefined });
  t.equal(table.size, 1);
  t.notOk(table.admit('b'), 'b still has its session');
});

t.test('IPv6 by /64', async (t) => {
  const table = new ClientTable({ maxSessions: 1, rate: undefined }, manualClock());
  t.ok(table.admit('2001:db8:0:1::1'));
  t.notOk(table.admit('2001:db8:0:1:ffff:ffff:ffff:ffff'));
  t.ok(table.admit('2001:db8:0:2::1'));
  table.release('2001:db8:0:1::2');
  t.ok(table.admit('2001:db8:0:1::3'), 'any of its addresses gives the place back');
});

t.test('bounded: who was seen longest ago goes first', async (t) => {
  const table = new ClientTable({ maxSessions: 1, rate: { perSecond: 0.001, burst: 1 } }, manualClock(), 3);
  for (const client of ['a', 'b', 'c']) t.ok(table.admit(client));
  t.notOk(table.admit('a'), 'seen again');
  t.ok(table.admit('d'));
  t.equal(table.size, 3);
  t.notOk(table.admit('a'), 'still known');
  t.ok(table.admit('b'), 'b was forgotten');
  const many = new ClientTable({ maxSessions: 1, rate: undefined }, manualClock());
  for (let i = 0; i < 100_500; i++) many.admit(`${i}`);
  t.equal(many.size, 100_000);
});
