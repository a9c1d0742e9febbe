import t from 'tap';
import { textFormatter } from '../../src/observe/text-line.ts';
import { logFile } from '../fixtures/log-file.ts';
import { sessionRecord } from '../fixtures/session-record.ts';

t.test('on a terminal a session is one compact line', async (t) => {
  const { log, lines } = logFile(t.testdir(), {}, { isTerminal: true });
  log.sessionEnded(sessionRecord());
  log.sessionEnded(
    sessionRecord({
      client: '',
      node: undefined,
      backend: undefined,
      durationMs: 125_000,
      firstByteMs: -1,
      bytesOut: 1_200_000_000,
      retries: 1,
      end: 'no-backend',
      endedBy: 'proxy',
    }),
  );
  const [first = '', second = ''] = await lines();
  t.match(
    first,
    /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: https 192\.0\.2\.50:51234 -> proxy01 \(192\.0\.2\.11:443\): completed by client after 1\.2 s, 512 B in, 3\.4 MB out, first byte 12\.3 ms \[\S+, local [\d.]+:\d+\]$/,
  );
  t.match(
    second,
    /WARN: https unix client: no-backend by proxy after 2 m 5 s, 512 B in, 1\.2 GB out, 1 retry \[\S+(, local [\d.]+:\d+)?\]$/,
  );
});

t.test('other lines carry their fields', async (t) => {
  const { log, lines } = logFile(t.testdir(), { format: 'text' });
  log.healthFlipped({ service: 'https', node: 'a', to: 'down', reason: 'answered "no" after 3 s' });
  log.notice('info', 'ready');
  const [flip, ready] = await lines();
  t.match(
    flip,
    /^\[\d{4}-\d\d-\d\d .*\] WARN: backend down: service=https node=a reason="answered \\"no\\" after 3 s"$/,
  );
  t.match(ready, /INFO: ready$/);
});

t.test('escapes, newlines and bidi characters from outside reach no log as they are', async (t) => {
  const evil = 'x\x1b[2J\nfake line\r\x9b31m\u202Egnp';
  for (const format of ['text', 'json'] as const) {
    const { log, lines } = logFile(t.testdir(), { format, level: 'debug' }, { isTerminal: true });
    log.healthFlipped({ service: 'https', node: 'a', to: 'down', reason: evil });
    log.pinnedChanged('puppet-ca', 'a', false, evil);
    log.resolved('a', 'h', undefined, evil);
    log.notice('error', evil, { detail: evil, nested: { deep: [evil] } });
    const all = await lines();
    t.equal(all.length, 4, `${format}: one line each`);
    for (const line of all) t.notMatch(line, /[\p{Cc}\p{Cf}]/u, `${format}: nothing hidden`);
  }
});

t.test('the formatter by itself lets nothing hidden through either', async (t) => {
  const format = textFormatter({ color: false, short: true });
  const line = (msg: string) =>
    `${JSON.stringify({ level: 'info', time: 0, msg, service: 'a\x1b\u202e', end: '\n\x9b' })}\n`;
  for (const msg of ['session', 'x\x1b'])
    t.notMatch(format(line(msg)).trimEnd(), /[\p{Cc}\p{Cf}]/u, JSON.stringify(msg));
});
