import t from 'tap';
import { Admission } from '../../src/core/admission.ts';
import { manualClock } from '../fixtures/manual-clock.ts';

const open = { allow: [], deny: [], maxSessions: undefined, rate: undefined };

t.test('deny, then allow, then the limits', async (t) => {
  const admission = new Admission(
    { ...open, allow: ['192.0.2.0/24', '2001:db8::/32'], deny: ['192.0.2.7'], maxSessions: 1 },
    manualClock(),
  );
  for (const [client, verdict] of [
    ['192.0.2.1', 'admitted'],
    ['192.0.2.1', 'refused'],
    ['192.0.2.7', 'denied'],
    ['198.51.100.1', 'denied'],
    ['2001:db8::1', 'admitted'],
    ['2001:db9::1', 'denied'],
  ] as const) {
    t.equal(admission.admit(client), verdict, client);
  }
  admission.release('192.0.2.1');
  t.equal(admission.admit('192.0.2.1'), 'admitted');
});

t.test('who is denied takes no place and no turn', async (t) => {
  const admission = new Admission({ ...open, deny: ['192.0.2.7'], rate: { perSecond: 1, burst: 1 } }, manualClock());
  for (let i = 0; i < 5; i++) t.equal(admission.admit('192.0.2.7'), 'denied');
  t.equal(admission.admit('192.0.2.1'), 'admitted');
});

t.test('without rules everybody, and a Unix socket whatever the rules are', async (t) => {
  t.equal(new Admission(open, manualClock()).admit('192.0.2.1'), 'admitted');
  const strict = new Admission({ ...open, allow: ['192.0.2.1'], maxSessions: 1 }, manualClock());
  for (let i = 0; i < 3; i++) t.equal(strict.admit(''), 'admitted');
  strict.release('');
});
