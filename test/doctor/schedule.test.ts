// The doctor of a running service, by a clock that is turned by hand: when it visits, and what it says of what it finds.

import t from 'tap';
import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/load.ts';
import type { DoctorFinding } from '../../src/core/events.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import type { Report } from '../../src/doctor/report.ts';
import { DoctorSchedule } from '../../src/doctor/schedule.ts';
import { manualClock } from '../fixtures/manual-clock.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;

function fileWith(doctor: string): Config {
  return parseConfig(`version: 1\nprofile: foreman-current\nnodes: { a: 192.0.2.1 }\n${doctor}`, 'f').config;
}

function finding(check: Finding['check'], what: string, more: Partial<Finding> = {}): Finding {
  return { check, severity: 'error', node: 'a', services: ['https'], what, why: 'w', mend: 'm', ...more };
}

function scene() {
  const clock = manualClock();
  const lines: string[] = [];
  const counted: (readonly DoctorFinding[])[] = [];
  let config = fileWith('doctor: { interval: 1h }');
  let visits = 0;
  let closed = 0;
  /** Answers the visit that runs. */
  let answer: (findings: readonly Finding[]) => void = () => {};
  let fail: (error: Error) => void = () => {};
  const schedule = new DoctorSchedule({
    clock,
    random: () => 0,
    observer: {
      notice: (level, message, details) => lines.push(`${level} ${message} ${JSON.stringify(details ?? {})}`),
      doctorFound: (findings) => counted.push(findings),
    },
    config: () => config,
    visit: () => {
      visits++;
      const report = new Promise<Report>((resolve, reject) => {
        answer = (findings) => resolve({ findings } as Report);
        fail = reject;
      });
      return {
        report,
        async close() {
          closed++;
          answer([finding('pulp', 'of a visit that was called off')]);
          await report;
        },
      };
    },
  });
  return {
    clock,
    lines,
    counted,
    schedule,
    reload(doctor: string) {
      config = fileWith(doctor);
      schedule.update();
    },
    async answer(findings: readonly Finding[]) {
      answer(findings);
      await clock.advance(0);
    },
    async fail(error: Error) {
      fail(error);
      await clock.advance(0);
    },
    get visits() {
      return visits;
    },
    get closed() {
      return closed;
    },
  };
}

t.test('off by default: no timer, no visit', async (t) => {
  const s = scene();
  s.reload('');
  await s.clock.advance(48 * HOUR);
  t.equal(s.visits, 0);
  t.equal(s.clock.pending, 0);
});

t.test('soon after the start, then by the interval, never two at a time', async (t) => {
  const s = scene();
  s.schedule.update();
  await s.clock.advance(9_999);
  t.equal(s.visits, 0);
  await s.clock.advance(1);
  t.equal(s.visits, 1);
  await s.clock.advance(3 * HOUR);
  t.equal(s.visits, 1, 'a visit that takes its time is waited for');
  await s.answer([]);
  await s.clock.advance(0);
  t.equal(s.visits, 2, 'the next one was due');
  await s.answer([]);
  await s.clock.advance(HOUR - 1);
  t.equal(s.visits, 2);
  await s.clock.advance(1);
  t.equal(s.visits, 3);
});

t.test('says what is new and what is gone, once; counts all there is', async (t) => {
  const s = scene();
  s.schedule.update();
  await s.clock.advance(10_000);
  await s.answer([finding('pulp', 'it is ill'), finding('disk', '9 GB are free', { severity: 'warning' })]);
  t.match(s.lines, [
    'error doctor: it is ill {"check":"pulp","node":"a","services":"https","mend":"m"}',
    'warn doctor: 9 GB are free {"check":"disk","node":"a","services":"https","mend":"m"}',
  ]);
  await s.clock.advance(HOUR);
  await s.answer([finding('disk', '8 GB are free', { severity: 'warning' })]);
  t.equal(s.lines.length, 3, 'other words for the same thing are no news');
  t.match(s.lines[2], 'info doctor: no longer so: it is ill {"check":"pulp"');
  t.strictSame(
    s.counted.map((findings) => findings.map(({ check }) => check)),
    [['pulp', 'disk'], ['disk']],
  );
  await s.clock.advance(HOUR);
  await s.answer([
    finding('repository', '/a/repodata/repomd.xml is old', { severity: 'warning' }),
    finding('repository', '/b/repodata/repomd.xml is old', { severity: 'warning' }),
  ]);
  t.match(s.lines.slice(3), [/\/a\/repodata/, /\/b\/repodata/, /no longer so: 8 GB/], 'each repository is its own');
});

t.test('a flood of findings is summed up', async (t) => {
  const s = scene();
  s.schedule.update();
  await s.clock.advance(10_000);
  await s.answer(Array.from({ length: 50 }, (_, i) => finding('reachable', `node ${i}`, { node: `n${i}` })));
  t.equal(s.lines.length, 21);
  t.match(s.lines[20], /30 more findings; chargehand doctor shows them all/);
  t.equal(s.counted[0]?.length, 50);
});

t.test('a reload changes the interval, ends it, begins it', async (t) => {
  const s = scene();
  s.schedule.update();
  await s.clock.advance(10_000);
  await s.answer([finding('pulp', 'it is ill')]);
  s.reload('doctor: { interval: 10m }');
  await s.clock.advance(10_000);
  t.equal(s.visits, 2, 'another interval: a visit soon');
  s.reload('');
  await s.clock.advance(0);
  t.equal(s.closed, 1, 'the one that ran was called off');
  t.strictSame(s.counted.at(-1), [], 'nothing is counted any more');
  t.equal(s.lines.length, 1, 'and what it found is not told');
  await s.clock.advance(HOUR);
  t.equal(s.visits, 2);
  s.reload('doctor: { interval: 10m }');
  await s.clock.advance(10_000);
  t.equal(s.visits, 3);
  s.schedule.update();
  await s.clock.advance(MINUTE);
  t.equal(s.visits, 3, 'the same file again changes nothing');
});

t.test('a fault of ours is told, and the next visit comes', async (t) => {
  const s = scene();
  s.schedule.update();
  await s.clock.advance(10_000);
  await s.fail(new Error('oh'));
  t.match(s.lines, [/^error the doctor failed: oh/]);
  await s.clock.advance(HOUR);
  t.equal(s.visits, 2);
});

t.test('closed: the visit that runs is called off, and no other comes', async (t) => {
  const s = scene();
  s.schedule.update();
  await s.clock.advance(10_000);
  await s.schedule.close();
  t.equal(s.closed, 1);
  await s.clock.advance(2 * HOUR);
  t.equal(s.visits, 1);
  t.equal(s.clock.pending, 0);
  t.strictSame(s.lines, []);
});
