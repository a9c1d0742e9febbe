import t from 'tap';
import { type ClientCount, ClientTable } from '../../src/core/client-table.ts';
import { manualClock } from '../fixtures/manual-clock.ts';

/** A client that comes and goes; `come` says whether it was let in, `leave` ends its oldest session. */
function visitor(table: ClientTable, client: string) {
  const counts: ClientCount[] = [];
  return {
    come: () => {
      const count = table.admit(client);
      if (count !== undefined) counts.push(count);
      return count !== undefined;
    },
    leave: () => {
      const count = counts.shift();
      if (count === undefined) throw new Error(`${client} has no session`);
      table.release(count);
    },
  };
}

t.test('so many sessions at once', async (t) => {
  const table = new ClientTable({ maxSessions: 2, rate: undefined }, manualClock());
  const { come, leave } = visitor(table, '192.0.2.1');
  const other = visitor(table, '192.0.2.2');
  t.same([come(), come(), come()], [true, true, false]);
  t.ok(other.come());
  leave();
  t.same([come(), come()], [true, false]);
  leave();
  leave();
  other.leave();
  t.equal(table.size, 0, 'nothing is remembered of who has left');
  t.same([come(), come(), come()], [true, true, false]);
});

t.test('so many a second, after a burst', async (t) => {
  const clock = manualClock();
  const table = new ClientTable({ maxSessions: undefined, rate: { perSecond: 0.5, burst: 2 } }, clock);
  const { come } = visitor(table, '192.0.2.1');
  t.same([come(), come(), come()], [true, true, false]);
  await clock.advance(1999);
  t.notOk(come(), 'whoever asks too early loses nothing by it');
  await clock.advance(1);
  t.same([come(), come()], [true, false]);
  await clock.advance(3_600_000);
  t.same([come(), come(), come()], [true, true, false]);
});

t.test('a session that is refused for its number takes nothing from the rate', async (t) => {
  const clock = manualClock();
  const table = new ClientTable({ maxSessions: 1, rate: { perSecond: 1, burst: 2 } }, clock);
  const { come, leave } = visitor(table, 'a');
  t.same([come(), come(), come()], [true, false, false]);
  leave();
  t.same([come(), come()], [true, false]);
  leave();
  t.notOk(come(), 'the burst is used up');
});

t.test('a rate that a reload brings begins with its burst, however many sessions there were before', async (t) => {
  const clock = manualClock();
  const table = new ClientTable({ maxSessions: 100, rate: undefined }, clock);
  const { come, leave } = visitor(table, '192.0.2.1');
  t.ok(come(), 'one that stays');
  for (let i = 0; i < 1000; i++) {
    come();
    leave();
  }
  const rate = { perSecond: 1, burst: 2 };
  table.update({ maxSessions: 100, rate });
  t.same([come(), come(), come()], [true, true, false]);
  table.update({ maxSessions: 100, rate: { perSecond: 2, burst: 3 } });
  t.notOk(come(), 'another rate is no new beginning');
  table.update({ maxSessions: 100, rate: undefined });
  t.ok(come());
  table.update({ maxSessions: 100, rate });
  t.same([come(), come(), come()], [true, true, false], 'a rate after none is');
});

t.test('a rate that a reload takes away leaves nothing of who has left', async (t) => {
  const table = new ClientTable({ maxSessions: 1, rate: { perSecond: 1, burst: 1 } }, manualClock());
  const a = visitor(table, 'a');
  t.ok(a.come());
  t.ok(table.admit('b'));
  a.leave();
  t.equal(table.size, 2);
  table.update({ maxSessions: 1, rate: undefined });
  t.equal(table.size, 1);
  t.notOk(table.admit('b'), 'b still has its session');
});

t.test('IPv6 by /64', async (t) => {
  const table = new ClientTable({ maxSessions: 1, rate: undefined }, manualClock());
  const first = visitor(table, '2001:db8:0:1::1');
  t.ok(first.come());
  t.notOk(table.admit('2001:db8:0:1:ffff:ffff:ffff:ffff'));
  t.ok(table.admit('2001:db8:0:2::1'));
  first.leave();
  t.ok(table.admit('2001:db8:0:1::3'), 'any of its addresses may have the place');
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

t.test('a session from before its client was forgotten gives no place of a later one back', async (t) => {
  const table = new ClientTable({ maxSessions: 2, rate: undefined }, manualClock(), 2);
  const { come, leave } = visitor(table, 'a');
  t.same([come(), come()], [true, true]);
  for (const client of ['b', 'c']) t.ok(table.admit(client), 'others push it out');
  t.same([come(), come(), come()], [true, true, false]);
  leave();
  leave();
  t.notOk(come(), 'those that ended were not counted here');
  leave();
  t.ok(come());
});
