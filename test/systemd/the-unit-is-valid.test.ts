import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';

const unit = join(import.meta.dirname, '..', '..', 'systemd', 'chargehand.service');
const missing = spawnSync('systemd-analyze', ['--version']).error !== undefined;

t.test(
  'systemd finds nothing wrong with the unit',
  { skip: missing && 'systemd-analyze is not installed' },
  async (t) => {
    // The program is not installed where the unit says: any program that is there will do to verify the rest.
    const text = readFileSync(unit, 'utf8').replaceAll('/usr/bin/chargehand', '/bin/true');
    const folder = t.testdir({ 'chargehand.service': text });
    const verified = spawnSync('systemd-analyze', ['verify', '--man=no', join(folder, 'chargehand.service')], {
      encoding: 'utf8',
    });
    t.notMatch(verified.stderr, /chargehand\.service/, 'no remark about the unit');
    t.equal(verified.status, 0);
  },
);

t.test('it says what the program counts on, and nothing that only looks good', async (t) => {
  const said = readFileSync(unit, 'utf8').split('\n');
  const wanted = [
    'KillMode=mixed',
    'LimitNOFILE=1048576',
    'LogRateLimitIntervalSec=0',
    'NotifyAccess=all',
    'Type=notify',
  ];
  wanted.push('SystemCallErrorNumber=EPERM', 'User=chargehand', 'WatchdogSec=30s');
  wanted.push('AmbientCapabilities=CAP_NET_BIND_SERVICE', 'CapabilityBoundingSet=CAP_NET_BIND_SERVICE');
  t.same(
    wanted.filter((line) => !said.includes(line)),
    [],
  );
  t.match(said.filter((line) => line.startsWith('ExecReload=')).join(), /^ExecReload=\/usr\/bin\/chargehand reload$/);
  // Its exit code would not stop restarts; V8 writes machine code; the user must be the one that owns the files.
  t.same(
    said.filter((line) => /^(ExecStartPre|MemoryDenyWriteExecute|DynamicUser|PrivateUsers|ReadWritePaths)=/.test(line)),
    [],
  );
});

t.test('it stops later than the sessions are given to finish, and does not restart on a bad file', async (t) => {
  const text = readFileSync(unit, 'utf8');
  const [, seconds] = /^TimeoutStopSec=(\d+)s$/m.exec(text) ?? [];
  t.ok(Number(seconds) > 30, 'above the default of timeouts.drain');
  t.match(text, /^RestartPreventExitStatus=78$/m);
});
