import t from 'tap';
import { DialError } from '../../src/errors.ts';
import { dialError, dialTimeout } from '../../src/net/socket-error.ts';

const coded = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code });

t.test('every code has one meaning, and ours are told apart', async (t) => {
  const story: [string, string, boolean, string][] = [
    ['ECONNREFUSED', 'refused', false, 'refused'],
    ['ECONNRESET', 'reset', false, 'reset'],
    ['ETIMEDOUT', 'timeout', false, 'timed out'],
    ['EHOSTUNREACH', 'unreachable', false, 'host unreachable'],
    ['EHOSTDOWN', 'unreachable', false, 'host unreachable'],
    ['ENOTFOUND', 'unresolved', false, 'name not resolved'],
    ['ENETUNREACH', 'no-route', true, 'no route'],
    ['EMFILE', 'no-descriptors', true, 'LimitNOFILE'],
    ['ENFILE', 'no-descriptors', true, 'LimitNOFILE'],
    ['ENOBUFS', 'no-descriptors', true, 'LimitNOFILE'],
    ['EADDRNOTAVAIL', 'no-local-port', true, 'no free local port'],
    ['EPROTO', 'other', false, 'failed (EPROTO)'],
  ];
  for (const [code, reason, ours, words] of story) {
    const cause = coded(code);
    const error = dialError(cause, '192.0.2.1:443');
    t.match(error, { reason, ours, retryable: true, phase: 'dial', cause }, code);
    t.ok(error.message.startsWith('connect to 192.0.2.1:443: '), error.message);
    t.ok(error.message.includes(words), error.message);
  }
});

t.test('what is no system error', async (t) => {
  t.match(dialError('what', 'a:1'), { reason: 'other', message: 'connect to a:1: failed' });
  t.match(dialError(new Error('x'), 'a:1'), { reason: 'other' });
  const known = dialTimeout('a:1');
  t.ok(known instanceof DialError);
  t.equal(dialError(known, 'b:2'), known, 'a DialError comes back as it is');
});

t.test('several attempts in one error: the first that means something', async (t) => {
  const both = new AggregateError([new Error('?'), coded('ECONNREFUSED'), coded('ETIMEDOUT')]);
  t.match(dialError(both, 'a:1'), { reason: 'refused', cause: both });
});
