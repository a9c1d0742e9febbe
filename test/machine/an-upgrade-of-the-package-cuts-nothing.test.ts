// New versions of the package are installed over a running service, with sessions on it and a storm of connections.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { DebianMachine, noMachine } from '../fixtures/debian-machine.ts';
import { CACHE } from '../fixtures/debian-root.ts';
import { eventually, InstalledService } from '../fixtures/installed-service.ts';
import { laterDeb, ourDeb } from '../fixtures/our-packages.ts';

const why = noMachine();
if (why !== undefined) {
  process.stderr.write(`not tried: ${why}\n`);
  t.pass(`not tried: ${why}`);
  process.exit(0);
}

t.setTimeout(900_000);

const deb = ourDeb();
const folder = mkdtempSync(join(CACHE, 'later-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
const service = await InstalledService.on(await DebianMachine.boot());
const { machine } = service;
t.teardown(() => service.close());

await machine.must(`apt-get install -y ${machine.give(deb)}`);
service.configure({ drain: '60s' });
// A process that did not feed it would be ended within the test.
await service.dropIn('watchdog', '[Service]\nWatchdogSec=10s\n');
await machine.must('systemctl start chargehand');

/** Installs a package in a storm, with a session from before. What apt and the package's scripts said. */
async function install(t: Test, file: string): Promise<string> {
  const before = await machine.property('MainPID');
  const kept = await service.session();
  t.equal(await kept.say('before'), 'before');
  const storm = service.storm();
  await eventually(async () => storm.done > 100, 'that the storm has begun');
  const said = await machine.run(`apt-get install -y --allow-downgrades ${machine.give(file)} 2>&1`);
  t.equal(said.code, 0, said.stdout);
  const sofar = storm.done;
  await eventually(async () => storm.done > sofar + 100, 'connections after it');
  const { refused, done, longestMs } = await storm.stop();
  t.same(refused, [], `${done} connections, none refused`);
  t.comment(`${done} connections meanwhile; the longest took ${Math.round(longestMs)} ms`);
  t.equal(await kept.say('after'), 'after', 'the session from before goes on');
  const after = await machine.property('MainPID');
  if (after !== before) {
    t.equal((await machine.run(`kill -0 ${before}`)).code, 0, 'with the process that it began with');
    kept.close();
    await eventually(async () => (await machine.run(`kill -0 ${before}`)).code !== 0, 'the end of that process');
    const last = await machine.must('journalctl -u chargehand -o cat | grep "chargehand has stopped" | tail -n 1');
    t.match(last, /"sessions_cut":0/);
  }
  kept.close();
  t.equal(await machine.property('ActiveState'), 'active');
  t.equal(await machine.property('NRestarts'), '0');
  return said.stdout;
}

const running = async (): Promise<string> => JSON.parse(await machine.must('chargehand status --json')).program.version;
const first = await running();

t.test('a higher version takes over, and systemd follows', async (t) => {
  const before = await machine.property('MainPID');
  await install(t, laterDeb(folder, '98.0.0'));
  const after = await machine.property('MainPID');
  t.not(after, before, 'another process is the service');
  t.equal(await running(), '98.0.0');
  t.match(await machine.property('StatusText'), /2 nodes/);
  service.configure({ drain: '60s', more: 'log: { session_start: true }\n' });
  await machine.must('systemctl reload chargehand');
  t.equal(await machine.property('MainPID'), after, 'and it is the one that is asked to reload');
});

t.test('a file that is not valid leaves the version before running, and says so', async (t) => {
  const pid = await machine.property('MainPID');
  service.write('version: 1\n');
  const failed = await machine.run('chargehand upgrade');
  t.equal(failed.code, 1);
  t.match(
    failed.stderr,
    /^chargehand: the new program refuses the configuration .*: the version before goes on running$/m,
  );
  t.equal(await machine.property('MainPID'), pid);
  t.equal(await service.talk('as before'), 'as before');
  service.configure({ drain: '60s' });
});

t.test('a package whose program does not become ready leaves the version before running, and says so', async (t) => {
  const pid = await machine.property('MainPID');
  const broken = laterDeb(folder, '99.0.0', (root) => {
    const main = join(root, 'usr/lib/chargehand/dist/src/main.js');
    const text = readFileSync(main, 'utf8').replace(
      /^#!.*\n/,
      (line) => `${line}if (process.argv[2] === 'run') process.exit(3);\n`,
    );
    writeFileSync(main, text);
  });
  const said = await install(t, broken);
  t.match(said, /the new program ended with exit code 3 before it was ready: the version before goes on running/);
  t.equal(await machine.property('MainPID'), pid);
  t.equal(await running(), '98.0.0');
});

t.test('going back to the first version hands over like an upgrade', async (t) => {
  const before = await machine.property('MainPID');
  await install(t, deb);
  t.not(await machine.property('MainPID'), before);
  t.equal(await running(), first);
});

t.test('without an admin socket the package asks by the signal', async (t) => {
  service.configure({ drain: '60s', more: 'admin: false\n' });
  await machine.must('systemctl restart chargehand');
  const before = await machine.property('MainPID');
  const said = await machine.must(`apt-get install -y ${machine.give(laterDeb(folder, '100.0.0'))} 2>&1`);
  t.notMatch(said, /chargehand: .*admin/, 'and nobody is told of a socket');
  await eventually(async () => (await machine.property('MainPID')) !== before, 'another main process');
  t.equal(await service.talk('here'), 'here');
  service.configure({ drain: '60s' });
  await machine.must('systemctl restart chargehand');
});

t.test('SIGUSR2 does the same', async (t) => {
  const before = await machine.property('MainPID');
  await machine.must(`kill -USR2 ${before}`);
  await eventually(async () => (await machine.property('MainPID')) !== before, 'another main process');
  await eventually(async () => (await machine.run(`kill -0 ${before}`)).code !== 0, 'the end of the one before');
  t.equal(await service.talk('here'), 'here');
  t.equal(await machine.property('ActiveState'), 'active');
});
