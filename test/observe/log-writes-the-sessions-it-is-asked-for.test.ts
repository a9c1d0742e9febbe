import t from 'tap';
import { ENDS, isFailed } from '../../src/core/session-record.ts';
import { LOG_CONFIG, logFile } from '../fixtures/log-file.ts';
import { sessionRecord } from '../fixtures/session-record.ts';

t.test('all: every end, failed ones as warnings', async (t) => {
  const { log, objects } = logFile(t.testdir());
  for (const end of ENDS) log.sessionEnded(sessionRecord({ end }));
  const lines = await objects();
  t.same(
    lines.map((line) => [line['end'], line['level']]),
    ENDS.map((end) => [end, isFailed(end) ? 'warn' : 'info']),
  );
});

t.test('failed: only those', async (t) => {
  const { log, objects } = logFile(t.testdir(), { sessions: 'failed' });
  for (const end of ENDS) log.sessionEnded(sessionRecord({ end }));
  t.same(
    (await objects()).map((line) => line['end']),
    ENDS.filter(isFailed),
  );
});

t.test('none: no session, but everything else', async (t) => {
  const { log, objects } = logFile(t.testdir(), { sessions: 'none', sessionStart: true });
  for (const end of ENDS) log.sessionEnded(sessionRecord({ end }));
  log.sessionStarted('s', 'https', '192.0.2.50:1');
  log.notice('info', 'started');
  t.same(
    (await objects()).map((line) => line['msg']),
    ['started'],
  );
});

t.test('the start of a session only where it is asked for', async (t) => {
  const quiet = logFile(t.testdir());
  quiet.log.sessionStarted('s', 'https', '192.0.2.50:1');
  t.same(await quiet.lines(), []);
  const { log, objects } = logFile(t.testdir(), { sessionStart: true });
  log.sessionStarted('s', 'https', '192.0.2.50:1');
  t.match(await objects(), [{ msg: 'session started', session: 's', service: 'https', client: '192.0.2.50:1' }]);
});

t.test('a reload changes level and sessions', async (t) => {
  const { log, objects } = logFile(t.testdir());
  log.sessionEnded(sessionRecord({ session: 'one' }));
  log.update({ ...LOG_CONFIG, sessions: 'failed' });
  log.sessionEnded(sessionRecord({ session: 'two' }));
  log.update({ ...LOG_CONFIG, level: 'error' });
  log.sessionEnded(sessionRecord({ session: 'three', end: 'internal' }));
  log.update({ ...LOG_CONFIG, level: 'warn' });
  log.sessionEnded(sessionRecord({ session: 'four', end: 'internal' }));
  t.same(
    (await objects()).map((line) => line['session']),
    ['one', 'four'],
  );
});
