// Where systemd is new enough (253 and later; trixie has 257) the service is of the type notify-reload.

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
const service = await InstalledService.on(await DebianMachine.boot('trixie'));
const { machine } = service;
t.teardown(() => service.close());

t.test('it starts, as what it is', async (t) => {
  await machine.must(`apt-get install -y ${machine.give(deb)}`);
  service.configure();
  await machine.must('systemctl start chargehand');
  t.equal(await machine.property('Type'), 'notify-reload');
  t.equal(await service.talk('hello'), 'hello');
});

t.test('a reload is done once, and systemd waits for it', async (t) => {
  service.configure({ more: 'log: { session_start: true }\n' });
  await machine.must('systemctl reload chargehand');
  t.equal(await machine.property('ActiveState'), 'active');
  const reloads = async () => {
    const lines = (await machine.must('journalctl -u chargehand -o cat')).split('\n');
    return lines.filter((line) => /the configuration (was reloaded|is unchanged)/.test(line));
  };
  // Lines are written a tenth of a second together.
  await eventually(async () => (await reloads()).length > 0, 'its line');
  // The signal that systemd sends as well would read the file a second time.
  t.equal((await reloads()).length, 1, (await reloads()).join('\n'));
});

t.test('one that is refused fails, and what was in effect goes on', async (t) => {
  service.write('version: 1\n');
  t.not((await machine.run('systemctl reload chargehand')).code, 0);
  t.equal(await machine.property('ActiveState'), 'active');
  t.equal(await service.talk('still there'), 'still there');
  service.configure();
  await machine.must('systemctl reload chargehand');
});

t.test('an upgrade is followed, and a stop', async (t) => {
  const before = await machine.property('MainPID');
  const storm = service.storm();
  await machine.must('chargehand upgrade');
  const { refused } = await storm.stop();
  t.same(refused, []);
  t.not(await machine.property('MainPID'), before);
  await eventually(async () => (await machine.run(`kill -0 ${before}`)).code !== 0, 'the end of the one before');
  await machine.must('systemctl reload chargehand');
  await machine.must('systemctl stop chargehand');
  t.equal(await machine.property('Result'), 'success');
});
