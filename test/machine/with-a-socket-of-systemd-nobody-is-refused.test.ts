// A socket unit of systemd holds the port. Neither a restart nor an upgrade refuses anybody then; how long a new client waits
// meanwhile is printed: docs/installing.md has its figures from here.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { DebianMachine, noMachine } from '../fixtures/debian-machine.ts';
import { REPOSITORY } from '../fixtures/debian-root.ts';
import { eventually, HOST, InstalledService, PORT } from '../fixtures/installed-service.ts';
import { ourDeb } from '../fixtures/our-packages.ts';

const why = noMachine();
if (why !== undefined) {
  process.stderr.write(`not tried: ${why}\n`);
  t.pass(`not tried: ${why}`);
  process.exit(0);
}

t.setTimeout(900_000);

const TIMES = 5;
const UNIT = 'systemd/examples/chargehand-https.socket';

const deb = ourDeb();
const service = await InstalledService.on(await DebianMachine.boot());
const { machine } = service;
t.teardown(() => service.close());
await machine.must(`apt-get install -y ${machine.give(deb)}`);
// The example as it is, but for its address: this machine's network is not ours alone.
const unit = readFileSync(join(REPOSITORY, UNIT), 'utf8')
  .replace('ListenStream=443', `ListenStream=${HOST}:${PORT}`)
  .replace('BindIPv6Only=both\n', '');
writeFileSync(join(machine.root, 'etc/systemd/system/chargehand-https.socket'), unit);
await service.dropIn('sockets', '[Service]\nSockets=chargehand-https.socket\n');
// Less than the upgrades take together: each process has to feed it.
await service.dropIn('watchdog', '[Service]\nWatchdogSec=6s\n');
service.configure({ listen: 'systemd:https', drain: '5s' });
await machine.must('systemctl start chargehand-https.socket chargehand.service');

/** The longest that a client waited while this was done, in milliseconds. */
async function longestWait(t: Test, command: string): Promise<number> {
  const before = await machine.property('MainPID');
  const storm = service.storm();
  t.teardown(() => storm.stop());
  await eventually(async () => storm.done > 50, 'that the storm has begun');
  await machine.must(command);
  const sofar = storm.done;
  await eventually(async () => storm.done > sofar + 50, 'connections after it');
  const { refused, done, longestMs } = await storm.stop();
  t.same(refused, [], `${command}: ${done} connections, none refused`);
  t.not(await machine.property('MainPID'), before, 'by another process');
  return longestMs;
}

for (const command of ['systemctl restart chargehand', 'chargehand upgrade']) {
  t.test(command, async (t) => {
    const restarts = await machine.property('NRestarts');
    const waits: number[] = [];
    while (waits.length < TIMES) waits.push(await longestWait(t, command));
    t.equal(await machine.property('NRestarts'), restarts, 'and none of them was ended by the watchdog');
    waits.sort((a, b) => a - b);
    const [least, median, most] = [0, (TIMES - 1) / 2, TIMES - 1].map((at) => `${Math.round(waits[at] ?? 0)} ms`);
    t.comment(`${command}, ${TIMES} times: the longest wait ${median} (${least} to ${most})`);
  });
}

t.test('a restart lets running sessions finish first, and new clients wait for that as well', async (t) => {
  const kept = await service.session();
  t.equal(await kept.say('before'), 'before');
  const restarted = machine.must('systemctl restart chargehand');
  await eventually(async () => (await machine.property('ActiveState')) === 'deactivating', 'that it stops');
  let served = false;
  const waits = service.talk('waits').then((said) => {
    served = true;
    return said;
  });
  t.equal(await kept.say('not cut'), 'not cut');
  t.equal(served, false, 'nobody takes new clients yet');
  kept.close();
  t.equal(await waits, 'waits', 'it had only to wait');
  await restarted;
});
