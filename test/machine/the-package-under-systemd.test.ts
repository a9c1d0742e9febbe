// The package, installed in a Debian with systemd, as an administrator meets it.

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

t.test('it installs, starts nothing, and says what is missing when it is started as it is', async (t) => {
  await machine.must(`apt-get install -y ${machine.give(deb)}`);
  t.equal((await machine.run('systemctl is-enabled chargehand')).stdout.trim(), 'disabled');
  t.equal(await machine.property('ActiveState'), 'inactive');
  t.match(await machine.must('id chargehand'), /uid=\d+\(chargehand\) gid=\d+\(chargehand\)/);
  t.match(await machine.must('chargehand version'), /^chargehand \d+\.\d+\.\d+$/);
  const started = await machine.run('systemctl start chargehand');
  t.not(started.code, 0, 'a file without nodes does not start');
  t.equal(await machine.property('ExecMainStatus'), '78');
  t.equal(await machine.property('ActiveState'), 'failed', 'and is not tried again and again');
  t.match(
    await machine.must('journalctl -u chargehand -o cat'),
    /chargehand\.yaml:\d+:\d+: nodes: is missing: must be a map of at least one node/,
  );
});

t.test('it is ready when its ports are bound, as its own user, with one privilege', async (t) => {
  service.configure();
  t.equal((await machine.run('chargehand check')).stderr, '');
  await machine.must('systemctl enable --now chargehand');
  t.equal(await service.talk('hello'), 'hello', 'bound when systemctl came back');
  const pid = await machine.property('MainPID');
  t.match(await machine.must(`ps -o user= -p ${pid}`), /^chargeha/);
  const status = await machine.must(`cat /proc/${pid}/status`);
  t.match(status, /^CapEff:\s+0000000000000400$/m, 'CAP_NET_BIND_SERVICE and nothing else');
  t.match(status, /^NoNewPrivs:\s+1$/m);
  t.match(await machine.property('StatusText'), /2 nodes/);
  t.match(await machine.must('chargehand status'), /https/);
  t.equal(await machine.must('stat -c "%a %U %G" /run/chargehand/admin.sock'), '660 chargehand chargehand');
});

t.test('a file that only root may read is refused in words, and what was in effect goes on', async (t) => {
  const file = '/etc/chargehand/chargehand.yaml';
  await machine.must(`chmod 600 ${file}`);
  t.not((await machine.run('systemctl reload chargehand')).code, 0);
  t.match(await machine.must('journalctl -u chargehand -o cat'), /chargehand\.yaml: permission denied: the user that/);
  t.equal(await service.talk('still there'), 'still there');
  await machine.must(`chmod 644 ${file} && systemctl reload chargehand`);
});

t.test('it can write where its state is, and nowhere else', async (t) => {
  await machine.must('chargehand drain proxy02');
  t.match(await machine.must('cat /var/lib/chargehand/state.json'), /proxy02/);
  await machine.must('chargehand ready proxy02');
  const pid = await machine.property('MainPID');
  const inside = `nsenter -t ${pid} -m setpriv --reuid chargehand --regid chargehand --clear-groups`;
  for (const folder of ['/etc/chargehand', '/usr/lib/chargehand', '/var/lib', '/root', '/home']) {
    t.not((await machine.run(`${inside} touch ${folder}/x`)).code, 0, folder);
  }
  // What its user may not write anyway says nothing of the unit: root itself can't, where the unit put it.
  for (const folder of ['/etc/chargehand', '/usr/lib/chargehand', '/var/lib']) {
    const { code, stderr } = await machine.run(`nsenter -t ${pid} -m touch ${folder}/x`);
    t.not(code, 0, folder);
    t.match(stderr, /Read-only file system/);
  }
});

t.test('a reload applies a good file, and a bad one changes nothing and fails', async (t) => {
  service.configure({ more: 'log: { session_start: true }\n' });
  await machine.must('systemctl reload chargehand');
  service.write('version: 1\nnodes: { proxy01: 127.0.0.1 }\nservices: { https: { listne: 443 } }\n');
  const bad = await machine.run('systemctl reload chargehand');
  t.not(bad.code, 0);
  t.match(await machine.must('journalctl -u chargehand -o cat'), /did you mean "listen"/);
  t.equal(await service.talk('still there'), 'still there');
  service.configure();
  await machine.must('systemctl reload chargehand');
});

t.test('a stop lets sessions finish, and says so', async (t) => {
  await machine.must('systemctl restart chargehand');
  const kept = await service.session();
  const stopped = machine.must('systemctl stop chargehand');
  await eventually(async () => (await machine.property('ActiveState')) === 'deactivating', 'that it stops');
  t.equal(await kept.say('not cut'), 'not cut');
  kept.close();
  await stopped;
  t.equal(await machine.property('Result'), 'success');
  t.match(await machine.must('journalctl -u chargehand -o cat'), /"sessions_finished":1,"sessions_cut":0/);
});

t.test('it goes without a trace but what the administrator wrote, and purging takes that too', async (t) => {
  await machine.must('apt-get remove -y chargehand');
  t.equal((await machine.run('systemctl is-active chargehand')).stdout.trim(), 'inactive');
  t.equal(await machine.must('ls /etc/chargehand'), 'chargehand.yaml', 'the configuration is kept');
  await machine.must('apt-get purge -y chargehand');
  t.equal((await machine.run('ls /etc/chargehand /var/lib/chargehand /usr/lib/chargehand')).stdout, '');
});
