// With a program in place of systemd-notify that writes down what it was given; the real one, and what systemd makes of
// it, are tried in `npm run test:systemd`.

import { chmodSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Notifier } from '../../src/control/notify.ts';
import { type ManualClock, manualClock } from '../fixtures/manual-clock.ts';
import { until } from '../fixtures/until.ts';

interface Told {
  readonly notifier: Notifier;
  readonly clock: ManualClock;
  readonly failures: string[];
  /** The notices so far. */
  notices(): string[];
}

function notifier(t: Test, env: Record<string, string>, alive: () => boolean = () => true, version = 252): Told {
  const clock = manualClock();
  const failures: string[] = [];
  const script = `#!/bin/sh
[ "$1" != --version ] || { echo 'systemd ${version} (${version}.1-1)'; echo '+PAM -X'; exit; }
{ for a in "$@"; do printf '%s|' "$a"; done; echo; } >> "$(dirname "$0")/notices"\n`;
  const bin = mkdtempSync(join(t.testdir({}), 'bin-'));
  const file = join(bin, 'notices');
  writeFileSync(join(bin, 'systemd-notify'), script);
  chmodSync(join(bin, 'systemd-notify'), 0o755);
  return {
    notifier: new Notifier({
      env: { PATH: `${bin}:/usr/bin:/bin`, ...env },
      pid: 4711,
      clock,
      monotonicNs: () => 5_000_000_000n,
      alive,
      onFailed: (error) => failures.push(error.message),
    }),
    clock,
    failures,
    notices: () => (existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : []),
  };
}

const SOCKET = { NOTIFY_SOCKET: '/run/systemd/notify' };

t.test('each notice arrives, in order, with words made harmless', async (t) => {
  const { notifier: n, notices, failures } = notifier(t, SOCKET);
  n.ready('9 services, "3" nodes $HOME `id`\nREADY=0');
  n.reloading();
  n.status('draining');
  n.mainPid(12);
  n.stopping('3 sessions left');
  await n.close();
  t.same(notices(), [
    'READY=1|STATUS=9 services, "3" nodes $HOME `id`\\nREADY=0|',
    'RELOADING=1|MONOTONIC_USEC=5000000|',
    'STATUS=draining|',
    'MAINPID=12|',
    'STOPPING=1|STATUS=3 sessions left|',
  ]);
  t.same(failures, []);
});

t.test('a systemd that may miss a notice is told five times', async (t) => {
  const { notifier: n, notices } = notifier(t, SOCKET, undefined, 239);
  n.ready('');
  n.mainPid(12);
  await n.close();
  t.same(notices(), [...Array(5).fill('READY=1|STATUS=|'), ...Array(5).fill('MAINPID=12|')]);
});

t.test('a process that has handed over feeds the watchdog no more', async (t) => {
  const { notifier: n, notices, clock } = notifier(t, { ...SOCKET, WATCHDOG_USEC: '30000000' });
  n.ready('');
  n.mainPid(12);
  await clock.advance(60_000);
  await n.close();
  t.same(notices(), ['READY=1|STATUS=|', 'WATCHDOG=1|', 'MAINPID=12|']);
});

t.test('the watchdog is fed from READY on, and only while everything moves', async (t) => {
  let moved = true;
  const { notifier: n, notices, clock } = notifier(t, { ...SOCKET, WATCHDOG_USEC: '30000000' }, () => moved);
  await clock.advance(60_000);
  n.ready('');
  await clock.advance(20_000);
  moved = false;
  await clock.advance(60_000);
  await n.close();
  // The first at once: after an upgrade the interval already runs.
  t.same(notices(), ['READY=1|STATUS=|', 'WATCHDOG=1|', 'WATCHDOG=1|', 'WATCHDOG=1|']);
  t.equal(clock.pending, 0, 'no timer is left');
});

t.test('the watchdog of another process is not ours', async (t) => {
  const { notifier: n, clock } = notifier(t, { ...SOCKET, WATCHDOG_USEC: '30000000', WATCHDOG_PID: '1' });
  n.ready('');
  t.equal(clock.pending, 0);
  await n.close();
});

t.test('without systemd nothing is started', async (t) => {
  const { notifier: n, notices, clock } = notifier(t, { WATCHDOG_USEC: '30000000' });
  n.ready('');
  n.stopping('');
  await n.close();
  t.same(notices(), []);
  t.equal(clock.pending, 0);
});

t.test('a helper that dies is told once, and nothing fails for it', async (t) => {
  const told = notifier(t, { ...SOCKET, PATH: '/nonexistent' });
  told.notifier.ready('fine');
  // systemd-notify is not found: the shell goes on, and so do we.
  told.notifier.status('still');
  await told.notifier.close();
  t.same(told.failures, []);
  const killed = notifier(t, SOCKET);
  process.kill(killed.notifier.helperPid ?? 0, 'SIGKILL');
  await until(() => killed.failures.length > 0, 'the failure');
  killed.notifier.status('nobody hears it');
  await killed.notifier.close();
  t.equal(killed.failures.length, 1);
});
