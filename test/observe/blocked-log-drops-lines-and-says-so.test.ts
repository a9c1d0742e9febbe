import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../src/core/clock.ts';
import { createLog } from '../../src/observe/log.ts';
import { LOG_CONFIG } from '../fixtures/log-file.ts';
import { sessionRecord } from '../fixtures/session-record.ts';
import { until } from '../fixtures/until.ts';

const { O_RDWR, O_RDONLY, O_NONBLOCK } = constants;
const MAX_BYTES = 256 * 1024;

/** Timers that keep the process alive. */
const waiting = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

/** A named pipe with a log at one end; the other end is read only when a test does it. */
function pipeLog(folder: string) {
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  // Open for both, so that opening doesn't wait for a reader.
  const fd = openSync(path, O_RDWR | O_NONBLOCK);
  const log = createLog(LOG_CONFIG, { fd, isTerminal: false, clock: systemClock, maxBytes: MAX_BYTES });
  const reader = openSync(path, O_RDONLY | O_NONBLOCK);
  let text = '';
  const buffer = Buffer.alloc(64 * 1024);
  const read = (): string => {
    try {
      for (let n = readSync(reader, buffer); n > 0; n = readSync(reader, buffer)) text += buffer.toString('utf8', 0, n);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
    return text;
  };
  return { log, read, closeReader: () => closeSync(reader) };
}

t.test('a reader that stops costs lines, not memory, and the log says how many', async (t) => {
  const { log, read, closeReader } = pipeLog(t.testdir());
  const written = 40_000;
  const before = process.memoryUsage.rss();
  for (let i = 0; i < written; i++) log.sessionEnded(sessionRecord({ session: `s${i}` }));
  t.ok(log.dropped > written / 2, `${log.dropped} of ${written} dropped`);
  const grown = process.memoryUsage.rss() - before;
  t.ok(grown < 64 * 1024 * 1024, `grew by ${Math.round(grown / 1024)} kB`);

  await until(() => read().includes('log lines were dropped'), 'the line that says so');
  log.notice('info', 'after');
  await until(() => read().includes('"msg":"after"'), 'the log goes on');
  const lines = read()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const sessions = lines.filter((line) => line.msg === 'session');
  t.equal(sessions.length + log.dropped, written, 'every line was written or counted');
  t.same(
    sessions.map((line) => line.session),
    sessions.map((_, i) => `s${i}`),
    'what was written is whole and in order',
  );
  const told = lines.filter((line) => /dropped/.test(line.msg)).reduce((sum, line) => sum + line.lines, 0);
  t.equal(told, log.dropped, 'the log tells the same number');
  await log.close();
  closeReader();
});

t.test('closing waits for a blocked reader only so long', async (t) => {
  const before = waiting();
  const { log, read, closeReader } = pipeLog(t.testdir());
  for (let i = 0; i < 2000; i++) log.sessionEnded(sessionRecord());
  await log.close(200);
  const arrived = read().length;
  t.ok(arrived > 0 && arrived < 128 * 1024, 'closed although nobody read: there is what the pipe holds, not more');
  const dropped = log.dropped;
  log.notice('info', 'too late');
  t.equal(log.dropped, dropped + 1, 'a line after that is counted as dropped');
  await log.close();

  // A retry that came later would write to whatever has the descriptor's number by then.
  t.equal(waiting(), before, 'no retry is left waiting');
  closeReader();
});

t.test('closing writes what waits, as soon as it is read', async (t) => {
  const { log, read, closeReader } = pipeLog(t.testdir());
  for (let i = 0; i < 400; i++) log.sessionEnded(sessionRecord());
  log.notice('info', 'the last line');
  const closed = log.close(30_000);
  await until(() => read().endsWith('"msg":"the last line"}\n'), 'the last line');
  await closed;
  t.equal(read().trimEnd().split('\n').length, 401);
  closeReader();
});

t.test('a full disk neither stops the process nor fills its memory', async (t) => {
  const log = createLog(LOG_CONFIG, {
    fd: openSync('/dev/full', 'w'),
    isTerminal: false,
    clock: systemClock,
    maxBytes: MAX_BYTES,
  });
  for (let i = 0; i < 2000; i++) {
    log.sessionEnded(sessionRecord());
    if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  t.ok(log.dropped > 0, 'lines were dropped');
  await log.close(5000);
});
