// Who is let in: limits of a service and of a client, allowed and denied addresses.

import { until } from '../../test/fixtures/until.ts';
import type { Theme } from '../case.ts';
import type { Stage } from '../stage.ts';

const STRANGER = '127.0.0.66';

/** Holds one session, then another client comes from the same address. */
const second = async (stage: Stage) => {
  stage.nodesTellNames();
  const { client } = await stage.held();
  const other = await stage.ask({ logged: true });
  client.fin();
  await client.ended();
  const third = await stage.ask();
  return { second: other, 'after the first has left': third };
};

export const limits: Theme = {
  title: 'Limits, allowed and denied clients',
  cases: [
    {
      title: 'one client more than the service may have',
      setup: { maxSessions: 1 },
      async play(stage) {
        stage.nodesTellNames();
        const { client } = await stage.held();
        const second = await stage.client({ logged: true });
        await stage.turn();
        const served = second.length > 0 ? 'served' : 'not served';
        client.fin();
        await client.ended();
        await until(() => second.length > 0 || second.saw !== 'nothing', 'the second is served, or ended');
        const after = second.length > 0 ? 'served' : second.state;
        second.fin();
        return { 'the second, at first': served, 'the second, after the first has left': after };
      },
      seen: { 'the second, at first': 'not served', 'the second, after the first has left': 'RST' },
      differs: {
        haproxy: {
          seen: { 'the second, at first': 'not served', 'the second, after the first has left': 'served' },
          why: "over `maxconn` it accepts no more, so clients wait in the kernel; Node can't leave them there",
        },
        nginx: {
          seen: { 'the second, at first': 'not served', 'the second, after the first has left': 'FIN' },
          why: 'it refuses by a FIN',
        },
      },
      log: { chargehand: 'refused proxy RC', haproxy: '--', nginx: '503' },
    },
    {
      title: 'one session more than a client may have',
      setup: { maxPerClient: 1 },
      play: second,
      seen: { second: 'RST', 'after the first has left': 'a' },
      differs: {
        nginx: { seen: { second: 'FIN', 'after the first has left': 'a' }, why: 'it refuses by a FIN' },
      },
      log: { chargehand: 'refused proxy PC', haproxy: 'none', nginx: '503' },
    },
    {
      title: 'another client beside one that has all its sessions',
      setup: { maxPerClient: 1 },
      async play(stage) {
        stage.nodesTellNames();
        await stage.held();
        return { other: await stage.ask({ from: STRANGER, logged: true }) };
      },
      seen: { other: 'a' },
      log: { chargehand: 'completed client --', haproxy: '--', nginx: '200' },
    },
    {
      title: 'a client that comes four times where three a minute are allowed',
      setup: { ratePerClient: 3 },
      async play(stage) {
        stage.nodesTellNames();
        const first = await stage.asks(3);
        return { 'the first three': first.join(' '), 'the fourth': await stage.ask({ logged: true }) };
      },
      seen: { 'the first three': 'a a a', 'the fourth': 'RST' },
      cannot: ['nginx'],
      log: { chargehand: 'refused proxy PC', haproxy: 'none' },
    },
    {
      title: 'a client that is denied',
      setup: { deny: [STRANGER] },
      async play(stage) {
        stage.nodesTellNames();
        return { stranger: await stage.ask({ from: STRANGER }), other: await stage.ask() };
      },
      seen: { stranger: 'RST', other: 'a' },
      differs: {
        haproxy: {
          seen: { stranger: 'FIN', other: 'a' },
          why: '`tcp-request session reject` closes; only `connection reject` resets',
        },
        nginx: { seen: { stranger: 'FIN', other: 'a' }, why: 'it refuses by a FIN' },
      },
      log: { chargehand: 'denied proxy PC', haproxy: 'none', nginx: '403' },
    },
    {
      title: 'a client that is not among those allowed',
      setup: { allow: ['127.0.0.0/26'] },
      async play(stage) {
        stage.nodesTellNames();
        return { stranger: await stage.ask({ from: STRANGER }), other: await stage.ask() };
      },
      seen: { stranger: 'RST', other: 'a' },
      differs: {
        haproxy: {
          seen: { stranger: 'FIN', other: 'a' },
          why: '`tcp-request session reject` closes; only `connection reject` resets',
        },
        nginx: { seen: { stranger: 'FIN', other: 'a' }, why: 'it refuses by a FIN' },
      },
      log: { chargehand: 'denied proxy PC', haproxy: 'none', nginx: '403' },
    },
  ],
};
