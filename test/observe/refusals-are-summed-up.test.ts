import t from 'tap';
import { logFile } from '../fixtures/log-file.ts';
import { manualClock } from '../fixtures/manual-clock.ts';
import { sessionRecord } from '../fixtures/session-record.ts';

const refused = (service: string) => sessionRecord({ service, end: 'refused' });
const denied = (service: string) => sessionRecord({ service, end: 'denied' });

t.test('ten a second for a service, then one line for the rest', async (t) => {
  const clock = manualClock();
  const { log, objects } = logFile(t.testdir(), {}, { clock });
  for (let i = 0; i < 8; i++) log.sessionEnded(refused('https'));
  for (let i = 0; i < 7; i++) log.sessionEnded(denied('https'));
  for (let i = 0; i < 4; i++) log.sessionEnded(refused('https'));
  for (let i = 0; i < 3; i++) log.sessionEnded(denied('puppet'));
  log.sessionEnded(sessionRecord({ end: 'no-backend' }));
  await clock.advance(1000);
  log.sessionEnded(refused('https'));
  await clock.advance(5000);
  t.equal(clock.pending, 0, 'no timer is left');

  const lines = await objects();
  const count = (service: string, end: string) =>
    lines.filter((line) => line['service'] === service && line['end'] === end).length;
  t.equal(count('https', 'refused'), 9, 'eight, and one in the next second');
  t.equal(count('https', 'denied'), 2);
  t.equal(count('puppet', 'denied'), 3, 'one service does not use up what another may write');
  t.equal(count('https', 'no-backend'), 1, 'other ends are not held back');
  const sums = lines.filter((line) => line['msg'] !== 'session');
  t.match(sums, [
    {
      level: 'warn',
      service: 'https',
      refused: 4,
      denied: 5,
      msg: 'more sessions refused or denied, not logged singly',
    },
  ]);
});

t.test('only denied ones: no warning', async (t) => {
  const clock = manualClock();
  const { log, objects } = logFile(t.testdir(), {}, { clock });
  for (let i = 0; i < 12; i++) log.sessionEnded(denied('https'));
  await clock.advance(1000);
  const last = (await objects()).at(-1) ?? {};
  t.match(last, { level: 'info', denied: 2 });
  t.notOk('refused' in last);
});

t.test('closing the log writes the sum that waits and leaves no timer', async (t) => {
  const clock = manualClock();
  const { log, objects } = logFile(t.testdir(), {}, { clock });
  for (let i = 0; i < 11; i++) log.sessionEnded(refused('https'));
  const lines = await objects();
  t.match(lines.at(-1), { refused: 1 });
  t.equal(lines.length, 11);
  t.equal(clock.pending, 0);
});
