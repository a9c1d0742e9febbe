// systemd's watchdog is fed only while the loop that decides and every thread that relays move: each of them, stuck, has the
// service restarted.

import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { DebianMachine, noMachine } from '../fixtures/debian-machine.ts';
import { missing } from '../fixtures/debian-root.ts';
import { eventually, InstalledService } from '../fixtures/installed-service.ts';
import { ourDeb } from '../fixtures/our-packages.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';

const why = noMachine() ?? missing({ gcc: 'gcc libc6-dev' }, 'hold a thread');
if (why !== undefined) {
  process.stderr.write(`not tried: ${why}\n`);
  t.pass(`not tried: ${why}`);
  process.exit(0);
}

t.setTimeout(900_000);

const folder = temporaryFolder(t);
const holder = join(folder, 'hold-thread');
execFileSync('gcc', ['-o', holder, join(import.meta.dirname, '..', 'fixtures', 'hold-thread.c')]);

const deb = ourDeb();
const service = await InstalledService.on(await DebianMachine.boot());
const { machine } = service;
t.teardown(() => service.close());
await machine.must(`apt-get install -y ${machine.give(deb)}`);
service.configure();
await service.dropIn('watchdog', '[Service]\nWatchdogSec=6s\n');
await machine.must('systemctl start chargehand');

/** From the moment that something is stuck until another process serves. */
async function isRestarted(t: Test, pid: string, restarts: number): Promise<void> {
  await eventually(async () => (await machine.property('NRestarts')) === String(restarts), 'the restart');
  await eventually(async () => (await machine.property('ActiveState')) === 'active', 'that it is active again');
  t.not(await machine.property('MainPID'), pid);
  const told = await machine.must('journalctl -u chargehand -o cat | grep -c "Watchdog timeout"');
  t.equal(told, String(restarts), 'by the watchdog');
  t.equal(await service.talk('again'), 'again');
}

t.test('while everything moves, and while nothing has to, it is left alone', async (t) => {
  const pid = await machine.property('MainPID');
  const stamp = () => machine.property('WatchdogTimestampMonotonic');
  const first = await stamp();
  let fed = first;
  // Fed more often than the interval is long: four times are more than one interval.
  for (let times = 0; times < 4; times++) {
    await eventually(async () => (await stamp()) !== fed, 'the next feeding');
    fed = await stamp();
  }
  t.ok(Number(fed) - Number(first) > 6_000_000, 'longer than the interval');
  t.equal(await machine.property('MainPID'), pid);
  t.equal(await machine.property('NRestarts'), '0');
});

/** Holds a thread of the service until the process ends; answers when it is held. */
async function hold(t: Test, pid: string, name: 'relay' | 'main'): Promise<void> {
  const here = machine.pidHere(Number(pid));
  const tasks = `/proc/${here}/task`;
  const isIt = (thread: string): boolean =>
    name === 'main' ? thread === String(here) : readFileSync(`${tasks}/${thread}/comm`, 'utf8').trim() === name;
  const thread = readdirSync(tasks).find(isIt);
  if (thread === undefined) throw new Error(`there is no thread ${name}`);
  const program = spawn(holder, [thread], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => program.kill('SIGKILL'));
  await new Promise((resolve, reject) => {
    program.stdout.once('data', resolve);
    program.once('exit', (code) => reject(new Error(`the thread was not held: ${code}`)));
  });
}

t.test('the thread that decides is stuck', async (t) => {
  const pid = await machine.property('MainPID');
  await hold(t, pid, 'main');
  await isRestarted(t, pid, 1);
});

t.test('a thread of the relay is stuck', async (t) => {
  const pid = await machine.property('MainPID');
  t.match(await machine.must('chargehand status --json'), /"native"/);
  await hold(t, pid, 'relay');
  await isRestarted(t, pid, 2);
});
