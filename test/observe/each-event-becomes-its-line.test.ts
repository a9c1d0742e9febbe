import t from 'tap';
import { DialError } from '../../src/errors.ts';
import { logFile } from '../fixtures/log-file.ts';

t.test('one line an event, with its level', async (t) => {
  const { log, objects } = logFile(t.testdir(), { level: 'trace' });
  log.healthFlipped({ service: 'https', node: 'a', to: 'down', reason: 'connect to 192.0.2.11:443: refused' });
  log.healthFlipped({ service: 'https', node: 'a', to: 'up', reason: '' });
  log.dialFailed('https', 'a', new DialError('refused', 'connect to 192.0.2.11:443: refused'));
  log.handshakeFailedOver('https', 'a');
  log.adminChanged('https', 'a', 'drain', 'set by an operator');
  log.failingOpen('https', true);
  log.failingOpen('https', false);
  log.pinnedChanged('puppet-ca', 'a', false, 'connect to 192.0.2.11:8140: timeout');
  log.pinnedChanged('mqtt', 'a', false, 'refused');
  log.pinnedChanged('puppet-ca', 'a', true, '');
  log.resolved('a', 'a.example.net', undefined, 'ENOTFOUND');
  log.resolved('a', 'a.example.net', '192.0.2.11', '');
  log.healthSpared('https', 'a', true, 'GET /: no answer in 3 s');
  log.healthSpared('https', 'a', false, '');
  log.probed('https', 'a', 0.01, 'refused');
  log.notice('warn', 'something', { file: '/etc/x', error: new Error('bad'), level: 'mine', list: ['a', 'b\x1b'] });
  const seen = (await objects()).map(({ time, ...rest }) => rest);
  t.same(seen, [
    { level: 'warn', service: 'https', node: 'a', reason: 'connect to 192.0.2.11:443: refused', msg: 'backend down' },
    { level: 'info', service: 'https', node: 'a', reason: '', msg: 'backend up' },
    {
      level: 'debug',
      service: 'https',
      node: 'a',
      reason: 'refused',
      detail: 'connect to 192.0.2.11:443: refused',
      msg: 'dial failed',
    },
    { level: 'debug', service: 'https', node: 'a', msg: 'handshake not answered, trying the next node' },
    {
      level: 'info',
      service: 'https',
      node: 'a',
      state: 'drain',
      reason: 'set by an operator',
      msg: 'admin state changed',
    },
    { level: 'error', service: 'https', msg: 'failing open: all ready backends are down, they are tried anyway' },
    { level: 'info', service: 'https', msg: 'no longer failing open: a backend is up' },
    {
      level: 'error',
      service: 'puppet-ca',
      node: 'a',
      reason: 'connect to 192.0.2.11:8140: timeout',
      msg: 'the CA is down, no other node takes its place',
    },
    {
      level: 'error',
      service: 'mqtt',
      node: 'a',
      reason: 'refused',
      msg: 'the only node of a pinned service is down, no other node takes its place',
    },
    { level: 'info', service: 'puppet-ca', node: 'a', reason: '', msg: 'the CA is up again' },
    { level: 'warn', node: 'a', host: 'a.example.net', reason: 'ENOTFOUND', msg: 'name does not resolve' },
    { level: 'info', node: 'a', host: 'a.example.net', address: '192.0.2.11', msg: 'name resolved' },
    {
      level: 'warn',
      service: 'https',
      node: 'a',
      reason: 'GET /: no answer in 3 s',
      msg: 'backend slow, but kept: too few others are up',
    },
    { level: 'info', service: 'https', node: 'a', msg: 'backend no longer slow' },
    { level: 'trace', service: 'https', node: 'a', seconds: 0.01, failure: 'refused', msg: 'probe' },
    { level: 'warn', file: '/etc/x', error: 'bad', level_: 'mine', list: ['a', 'b\\x1b'], msg: 'something' },
  ]);
});

t.test('at level info, dial failures and probes are not written', async (t) => {
  const { log, lines } = logFile(t.testdir());
  log.dialFailed('https', 'a', new DialError('refused', 'refused'));
  log.handshakeFailedOver('https', 'a');
  log.probed('https', 'a', 0.01, 'refused');
  t.same(await lines(), []);
});

t.test('a notice with details that JSON cannot hold does not throw', async (t) => {
  const { log, objects } = logFile(t.testdir());
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  log.notice('info', 'odd', { circle, big: 1n, fn: () => 1 });
  t.match(await objects(), [{ msg: 'odd', circle: '(cannot be shown)' }]);
});
