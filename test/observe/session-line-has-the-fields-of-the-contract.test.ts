import { pino } from 'pino';
import t from 'tap';
import { isoTime } from '../../src/observe/iso-time.ts';
import { sessionLine } from '../../src/observe/session-line.ts';
import { logFile } from '../fixtures/log-file.ts';
import { manualClock } from '../fixtures/manual-clock.ts';
import { sessionRecord } from '../fixtures/session-record.ts';

t.test('a session line has all fields, in their order, and nothing else', async (t) => {
  const clock = manualClock(0);
  const { log, lines } = logFile(t.testdir(), {}, { clock });
  log.sessionEnded(sessionRecord({ peer: '203.0.113.7:1000', queueMs: 15, retries: 2 }));
  const [line, ...more] = await lines();
  t.same(more, []);
  t.equal(
    line,
    '{"level":"info","time":"2026-01-01T00:00:00.000Z","session":"k3x9-1","service":"https",' +
      '"client":"192.0.2.50:51234","peer":"203.0.113.7:1000","node":"proxy01","backend":"192.0.2.11:443",' +
      '"local":"192.0.2.1:40100","accepted":"2026-01-02T03:04:05.678Z","queue_ms":15,"dial_ms":0.3,' +
      '"first_byte_ms":12.3,"duration_ms":1234.6,"bytes_in":512,"bytes_out":3400000,"retries":2,"phase":"relay",' +
      '"ended_by":"client","end":"completed","flags":"--","msg":"session"}',
  );
});

t.test('what was never reached is left out', async (t) => {
  const { log, objects } = logFile(t.testdir());
  log.sessionEnded(
    sessionRecord({
      client: '',
      node: undefined,
      backend: undefined,
      local: undefined,
      dialMs: -1,
      firstByteMs: -1,
      phase: 'queue',
      endedBy: 'proxy',
      end: 'no-backend',
      flags: 'SC',
    }),
  );
  const [line = {}] = await objects();
  t.same(
    Object.keys(line),
    'level time session service accepted duration_ms bytes_in bytes_out retries phase ended_by end flags msg'.split(
      ' ',
    ),
  );
  t.equal(line['level'], 'warn', 'a failed end is a warning');
});

t.test('the line is the one that pino would write', async (t) => {
  const awkward = 'a"b\\\\c→d';
  for (const record of [
    sessionRecord(),
    sessionRecord({
      session: awkward,
      service: awkward,
      client: awkward,
      peer: awkward,
      node: awkward,
      flags: awkward,
    }),
    sessionRecord({ dialMs: 0, queueMs: 0.04, bytesOut: 12e12, acceptedAt: 1 }),
  ]) {
    let written = '';
    const logger = pino(
      { base: null, formatters: { level: (label) => ({ level: label }) }, timestamp: () => ',"time":"now"' },
      {
        write: (line: string) => {
          written = line;
        },
      },
    );
    const iso = (ms: number) => new Date(ms).toISOString();
    const line = sessionLine(record, 'warn', 'now', iso);
    const { level, time, msg, ...fields } = JSON.parse(line);
    logger.warn(fields, msg);
    t.equal(line, written);
  }
});

t.test('text with control characters stays printable', async (t) => {
  const { log, objects } = logFile(t.testdir());
  log.sessionEnded(sessionRecord({ node: 'a\n\x1b\u202e' }));
  t.match(await objects(), [{ node: 'a\\n\\x1b\\u{202e}' }]);
});

t.test('times are ISO in UTC, whatever second came before', async (t) => {
  const iso = isoTime();
  for (const ms of [0, 1, 999, 1000, 1700000000123, 1700000000124, 1699999999999, 1700000000000.7, 253402300799999]) {
    t.equal(iso(ms), new Date(Math.floor(ms)).toISOString());
  }
});
