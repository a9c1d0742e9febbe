// After an upgrade the main process is one that systemd did not start. It is looked after like the first all the same: a stop
// lets its sessions finish, a crash has it restarted.

import t from 'tap';
import { DebianMachine, noMachine } from '../fixtures/debian-machine.ts';
import { eventually, InstalledService } from '../fixtures/installed-service.ts';
import { ourDeb } from '../fixtures/our-packages.ts';

const why = noMachine();
if (why !== undefined) {
  process.stderr.write(`not tried: ${why}\n`);
  t.pass(`not tried: ${why}`);
  process.exit(0);
}

t.setTimeout(900_000);

const deb = ourDeb();
const service = await InstalledService.on(await DebianMachine.boot());
const { machine } = service;
t.teardown(() => service.close());
await machine.must(`apt-get install -y ${machine.give(deb)}`);
service.configure();

t.beforeEach(async () => {
  await machine.must('systemctl start chargehand && chargehand upgrade');
});

t.test('systemd takes it for its own', async (t) => {
  const pid = await machine.property('MainPID');
  t.equal(await machine.must(`ps -o ppid= -p ${pid}`), '1');
  t.equal(await machine.must('journalctl -u chargehand -o cat | grep -c "not our child" || true'), '0');
});

t.test('a crash has it restarted', async (t) => {
  const pid = await machine.property('MainPID');
  await machine.must(`kill -SEGV ${pid}`);
  await eventually(async () => (await machine.property('NRestarts')) === '1', 'the restart');
  await eventually(async () => (await machine.property('ActiveState')) === 'active', 'that it is active again');
  t.equal(await service.talk('again'), 'again');
});

t.test('a stop lets the sessions of the process before finish, too', async (t) => {
  await machine.must('systemctl restart chargehand');
  const kept = await service.session();
  t.equal(await kept.say('before the upgrade'), 'before the upgrade');
  await machine.must('chargehand upgrade');
  const stopped = machine.must('systemctl stop chargehand');
  const words = 'the process before still lets its sessions finish';
  await eventually(
    async () => (await machine.run(`journalctl -u chargehand -o cat | grep "${words}"`)).code === 0,
    words,
  );
  t.equal(await kept.say('not cut'), 'not cut');
  kept.close();
  await stopped;
  t.equal(await machine.property('Result'), 'success');
  t.equal(await machine.must('journalctl -u chargehand -o cat | grep -c "\\"sessions_cut\\":[1-9]" || true'), '0');
});

t.test('a stop lets its sessions finish', async (t) => {
  const kept = await service.session();
  t.equal(await kept.say('before'), 'before');
  const stopped = machine.must('systemctl stop chargehand');
  await eventually(async () => (await machine.property('ActiveState')) === 'deactivating', 'that it stops');
  t.equal(await kept.say('not cut'), 'not cut');
  kept.close();
  await stopped;
  t.equal(await machine.property('Result'), 'success');
});
