import t from 'tap';
import type { SessionRecord } from '../../src/core/session-record.ts';
import { haproxySessionLine } from '../../src/observe/haproxy-line.ts';
import { haproxyTime } from '../../src/observe/haproxy-time.ts';
import { logFile } from '../fixtures/log-file.ts';
import { sessionRecord } from '../fixtures/session-record.ts';

const line = (different: Partial<SessionRecord>) =>
  haproxySessionLine(sessionRecord(different), () => 'TIME').trimEnd();

t.test('each field, by what happened', async (t) => {
  const cases: readonly (readonly [what: string, different: Partial<SessionRecord>, line: string])[] = [
    ['an ordinary one', {}, '192.0.2.50:51234 [TIME] https https/proxy01 0/0/1235 3400000 -- 1/1/0/0/0 0/0'],
    [
      'others beside it',
      { beside: { process: 7, service: 5, admitted: 4, node: 2 } },
      '192.0.2.50:51234 [TIME] https https/proxy01 0/0/1235 3400000 -- 8/6/4/2/0 0/0',
    ],
    [
      'moved to another server, after one more try of the first',
      { retries: 2, redials: 1, dialMs: 1002.6 },
      '192.0.2.50:51234 [TIME] https https/proxy01 0/1003/1235 3400000 -- 1/1/0/0/+2 0/0',
    ],
    [
      'the same server again only',
      { retries: 2, redials: 2, end: 'dial-failed', flags: 'SC', bytesOut: 0 },
      '192.0.2.50:51234 [TIME] https https/proxy01 0/-1/1235 0 SC 1/1/0/0/2 0/0',
    ],
    [
      'no server',
      { node: undefined, dialMs: -1, end: 'no-backend', flags: 'SC', bytesOut: 0, durationMs: 0.2 },
      '192.0.2.50:51234 [TIME] https https/<NOSRV> -1/-1/0 0 SC 1/1/0/0/0 0/0',
    ],
    [
      'waited for any',
      { queueMs: 250.4, queuePlace: 3 },
      '192.0.2.50:51234 [TIME] https https/proxy01 250/0/1235 3400000 -- 1/1/0/0/0 0/3',
    ],
    [
      'waited for one',
      { queueMs: 250.4, queuePlace: 3, queuedForOne: true },
      '192.0.2.50:51234 [TIME] https https/proxy01 250/0/1235 3400000 -- 1/1/0/0/0 3/0',
    ],
    [
      'IPv6: no brackets, as HAProxy has it',
      { client: '[2001:db8::7]:4242' },
      '2001:db8::7:4242 [TIME] https https/proxy01 0/0/1235 3400000 -- 1/1/0/0/0 0/0',
    ],
    ['a Unix socket', { client: '' }, 'unix:1 [TIME] https https/proxy01 0/0/1235 3400000 -- 1/1/0/0/0 0/0'],
  ];
  for (const [what, different, expected] of cases) t.equal(line(different), expected, what);
});

t.test('the time is that of the machine, with its milliseconds', async (t) => {
  const time = haproxyTime();
  const at = new Date(2026, 10, 25, 1, 2, 3, 45).getTime();
  t.equal(time(at), '25/Nov/2026:01:02:03.045');
  t.equal(time(at + 1), '25/Nov/2026:01:02:03.046');
  t.equal(time(at + 955), '25/Nov/2026:01:02:04.000');
});

t.test(
  'the log in this format: sessions and servers in its words, the rest as text, nothing that breaks a line',
  async (t) => {
    const { log, lines: written } = logFile(t.testdir({}), { format: 'haproxy' });
    log.sessionEnded(sessionRecord());
    log.healthFlipped({
      service: 'https',
      node: 'proxy01',
      to: 'down',
      reason: 'GET /: "evil\u001b[2J\nServer x is UP"',
    });
    log.healthFlipped({ service: 'https', node: 'proxy01', to: 'up', reason: '2 good in a row' });
    for (const state of ['maint', 'drain', 'ready'] as const)
      log.adminChanged('https', 'proxy01', state, 'set by an operator');
    log.notice('warn', 'something to know');
    const lines = await written();
    t.match(lines, [
      /^192\.0\.2\.50:51234 \[\d\d\/Jan\/2026:\d\d:\d\d:\d\d\.678\] https https\/proxy01 0\/0\/1235 3400000 -- 1\/1\/0\/0\/0 0\/0$/,
      'Server https/proxy01 is DOWN, reason: GET /: "evil\\x1b[2J\\nServer x is UP".',
      'Server https/proxy01 is UP, reason: 2 good in a row.',
      'Server https/proxy01 is going DOWN for maintenance.',
      'Server https/proxy01 enters drain state.',
      'Server https/proxy01 is UP/READY.',
      /WARN: something to know$/,
    ]);
    t.equal(lines.length, 7);
  },
);
