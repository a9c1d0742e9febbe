import t from 'tap';
import { Admission, type Counted } from '../../src/core/admission.ts';
import { manualClock } from '../fixtures/manual-clock.ts';

const open = { allow: [], deny: [], maxSessions: undefined, rate: undefined };

function admitted(admission: Admission, client: string): Counted {
  const verdict = admission.admit(client);
  if (verdict === 'denied' || verdict === 'refused') throw new Error(`${client} was ${verdict}`);
  return verdict;
}

t.test('deny, then allow, then the limits', async (t) => {
  const admission = new Admission(
    { ...open, allow: ['192.0.2.0/24', '2001:db8::/32'], deny: ['192.0.2.7'], maxSessions: 1 },
    manualClock(),
  );
  const first = admitted(admission, '192.0.2.1');
  for (const [client, verdict] of [
    ['192.0.2.1', 'refused'],
    ['192.0.2.7', 'denied'],
    ['198.51.100.1', 'denied'],
    ['2001:db9::1', 'denied'],
  ] as const) {
    t.equal(admission.admit(client), verdict, client);
  }
  admitted(admission, '2001:db8::1');
  admission.release(first);
  admitted(admission, '192.0.2.1');
});

t.test('who is denied takes no place and no turn', async (t) => {
  const admission = new Admission({ ...open, deny: ['192.0.2.7'], rate: { perSecond: 1, burst: 1 } }, manualClock());
  for (let i = 0; i < 5; i++) t.equal(admission.admit('192.0.2.7'), 'denied');
  admitted(admission, '192.0.2.1');
});

t.test('without rules everybody, and a Unix socket whatever the rules are', async (t) => {
  t.equal(new Admission(open, manualClock()).admit('192.0.2.1'), 'uncounted');
  const strict = new Admission({ ...open, allow: ['192.0.2.1'], maxSessions: 1 }, manualClock());
  for (let i = 0; i < 3; i++) t.equal(strict.admit(''), 'uncounted');
  strict.release('uncounted');
});

t.test('whoever came before there was a limit gives no place of it back', async (t) => {
  const admission = new Admission(open, manualClock());
  const limited = { ...open, maxSessions: 1 };
  const early = admitted(admission, '192.0.2.1');
  admission.update(limited);
  const counted = admitted(admission, '192.0.2.1');
  admission.release(early);
  t.equal(admission.admit('192.0.2.1'), 'refused');
  admission.update(open);
  admission.update(limited);
  admitted(admission, '192.0.2.1');
  admission.release(counted);
  t.equal(admission.admit('192.0.2.1'), 'refused', 'nor whoever was counted in a limit that was taken away since');
});
