// The operator's commands on a running program, as typed: status, where, sessions, drain, maint, ready, plan, reload,
// upgrade; what survives a restart; what the admin socket refuses.

import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { Ajv } from 'ajv';
import t, { type Test } from 'tap';
import { makeAuthority } from '../../demo/certificates.ts';
import { OperatedProgram, said } from '../fixtures/operated-program.ts';
import { readAll } from '../fixtures/tcp.ts';
import { startTlsServer } from '../fixtures/tls-server.ts';
import { until } from '../fixtures/until.ts';

t.setTimeout(400_000);

/** The process of the last upgrade. */
let successor = 0;
const program = await OperatedProgram.prepare(t);

t.test('nothing runs there yet', async (t) => {
  program.configure();
  const { code, err } = await program.chargehand('status');
  t.equal(code, 3);
  t.match(err, /^chargehand: .*admin\.sock.*\n$/, 'one line');
  await program.start();
  t.equal((statSync(program.socket).mode & 0o777).toString(8), '600', 'the mode is what the file says');
});

t.test('status fits 80 columns, and its JSON is what the schema says', async (t) => {
  const { out, code } = await program.chargehand('status');
  t.equal(code, 0);
  t.match(out, /web/);
  t.same(
    out.split('\n').filter((line) => line.length > 80 && !line.includes(program.file)),
    [],
  );
  t.notMatch(out, '\u001b', 'no colours where it is no terminal');
  const schema: object = JSON.parse(readFileSync(new URL('../../config/status-schema.json', import.meta.url), 'utf8'));
  const valid = new Ajv({ strict: false }).compile(schema);
  t.ok(valid(await program.status()), JSON.stringify(valid.errors));
});

t.test('where a client goes, and who stands behind a line in a log of a node', async (t) => {
  const { code, out } = await program.chargehand('where', '192.0.2.50');
  t.equal(code, 0);
  t.match(out, /web +any of a, b/);
  t.equal((await program.chargehand('where', 'nonsense')).code, 2);
  const { client, row } = await program.session();
  const found = await program.chargehand('sessions', '--local', row.local ?? '');
  t.match(found.out, new RegExp(`127\\.0\\.0\\.1:${client.localPort}`));
  const other = await program.chargehand('sessions', '--local', '192.0.2.1:1');
  t.notMatch(other.out, new RegExp(`127\\.0\\.0\\.1:${client.localPort}`));
  client.end();
});

t.test('drain --wait returns when the last session has ended', async (t) => {
  const { client, row } = await program.session();
  const node = row.node ?? '';
  const draining = program.chargehand('drain', node, '--wait');
  await until(() => true, 'a turn');
  for (;;) if ((await program.stateOf(node)) === 'drain by operator') break;
  const next = await program.session();
  t.not(next.row.node, node, 'new sessions go elsewhere');
  next.client.end();
  client.write('still');
  const [answer] = (await once(client, 'data')) as [Buffer];
  t.equal(answer.toString(), 'still', 'the running one stays');
  client.end();
  const { code, out } = await draining;
  t.equal(code, 0);
  t.match(out, /its last session has ended/);
  t.equal((await program.chargehand('ready', node)).code, 0);
  t.equal(await program.stateOf(node), 'ready by file');
});

t.test('drain --within ends what still runs', async (t) => {
  const { client, row } = await program.session();
  const heard = readAll(client);
  const { code } = await program.chargehand('drain', row.node ?? '', '--within', '1s', '--wait');
  t.equal(code, 0);
  t.equal((await heard).how, 'fin');
  await until(() => program.log.join('').includes(`"session":"${row.session}"`), 'its record');
  t.match(program.log.join(''), new RegExp(`"session":"${row.session}".*"end":"(drained|closed-by-operator)"`));
  await program.chargehand('ready', row.node ?? '');
});

t.test('the last node that is ready: a warning says what follows', async (t) => {
  await program.chargehand('maint', 'a');
  const { code, err } = await program.chargehand('maint', 'b');
  t.equal(code, 0);
  t.match(err, /web: no node is left that is ready/);
  await program.chargehand('ready', 'a');
  await program.chargehand('ready', 'b');
  t.match((await program.chargehand('drain', 'c')).err, /there is no node c/);
  t.equal((await program.chargehand('drain', 'c')).code, 1);
});

t.test('what an operator set survives a reload and a restart, until the file changes its mind', async (t) => {
  await program.chargehand('maint', 'b');
  program.configure({ more: 'log: { level: debug }\n' });
  const plan = await program.chargehand('plan');
  t.match(plan, { code: 0, out: '~ log\n' });
  t.equal((await program.chargehand('reload')).code, 0);
  t.equal(await program.stateOf('b'), 'maint by operator');
  program.process.kill('SIGTERM');
  const [code] = (await once(program.process, 'exit')) as [number];
  t.equal(code, 0);
  await program.start();
  t.equal(await program.stateOf('b'), 'maint by operator', 'after a restart');
  program.configure({ nodeB: '{ address: 127.0.31.2, state: drain }' });
  await program.chargehand('reload');
  t.equal(await program.stateOf('b'), 'drain by file');
  program.configure();
  await program.chargehand('reload');
  t.equal(await program.stateOf('b'), 'ready by file');
});

t.test('a file that is refused changes nothing and is told to who asked', async (t) => {
  program.configure({ nodeB: 'not an address' });
  const { code, err } = await program.chargehand('reload');
  t.equal(code, 1, 'the socket is found in a file that is not valid');
  t.match(err, /c\.yaml:2:\d+: nodes\.b/);
  t.match(err, /not reloaded: what was in effect still is/);
  const { config } = await program.status();
  t.match(config.refused?.problems, [/c\.yaml:2:\d+: nodes\.b/]);
  const told = /^the last reload, \S+ ago, was refused: what was in effect still is\n {2}.*nodes\.b/m;
  t.match((await program.chargehand('status')).out, told);
  program.configure();
  t.equal((await program.chargehand('reload')).code, 0);
  t.equal((await program.status()).config.refused, null);
});

t.test('a CA that would move while the old node still signs: refused, and done by --force', async (t) => {
  const identity = await (await makeAuthority('Puppet CA')).issue({ commonName: 'a', names: ['lb.example.net'] });
  const certificate = '-----BEGIN CERTIFICATE-----';
  const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${certificate.length}\r\nConnection: close\r\n\r\n${certificate}`;
  const ca = await startTlsServer(t, identity, (socket) => socket.once('data', () => socket.end(answer)));
  const pinned = (node: string) =>
    program.configure({
      nodeB: '127.0.0.1',
      services: `, puppet-ca: { listen: "127.0.0.1:${program.port + 1}", port: ${ca.port}, balance: pinned, node: ${node}, health: { probe: puppet-ca } }`,
      more: 'name: lb.example.net\n',
    });
  pinned('b');
  t.match(await program.chargehand('reload'), { code: 0 });
  pinned('a');
  const refused = await program.chargehand('reload');
  t.match(refused, { code: 1, err: /puppet-ca: b still answers as the CA[\s\S]*--force[\s\S]*not reloaded/ });
  const caNode = async () => (await program.status()).services.find((s) => s.service === 'puppet-ca')?.pinned?.node;
  t.match(
    await program.chargehand('upgrade'),
    { code: 1, out: '', err: /puppet-ca: b still answers as the CA/ },
    'nor is the file that was refused taken over by another process',
  );
  t.equal(await caNode(), 'b');
  t.match(await program.chargehand('reload', '--force'), {
    code: 0,
    err: /forced: puppet-ca: b still answers as the CA/,
  });
  t.equal(await caNode(), 'a');
  program.configure();
  t.match(await program.chargehand('reload'), { code: 0 });
});

t.test('the admin socket refuses what is too large, too slow, malformed, or unknown', async (t) => {
  const raw = async (text: string) => {
    const asking = connect({ path: program.socket });
    asking.on('error', () => {});
    asking.write(text);
    return (await readAll(asking)).bytes.toString();
  };
  const post = (body: string, length = body.length) =>
    raw(`POST /v1/nodes/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n${body}`);
  t.match(await post('{'), /^HTTP\/1\.1 400 /);
  t.match(await post('{"state":"asleep"}'), /^HTTP\/1\.1 400 /);
  t.match(await post('x'.repeat(70_000)), /^HTTP\/1\.1 413 /);
  t.match(await post('{}', 1000), /^HTTP\/1\.1 408 /, 'a body that does not come');
  t.notMatch(program.log.join(''), /a fault of ours/, 'which is no fault of ours');
  t.match(await raw(`GET /v1/status HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
  t.match(await raw('GET /v1/nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 404 /);
  t.match(await raw('nonsense\r\n\r\n'), /^HTTP\/1\.1 400 /);
  t.equal((await program.chargehand('status')).code, 0, 'and goes on');
});

t.test('who stops reading is no fault, a full disk is one in a line', async (t) => {
  const shell = (line: string) => said('sh', ['-c', line, process.execPath, program.main, program.file]);
  t.match(await shell('NODE_OPTIONS= "$0" "$1" -c "$2" status | true'), { code: 0, err: '' });
  t.match(await shell('NODE_OPTIONS= "$0" "$1" -c "$2" status --watch | head -n 1'), { code: 0, err: '' });
  const { code, err } = await shell('NODE_OPTIONS= "$0" "$1" -c "$2" status > /dev/full');
  t.equal(code, 1);
  t.match(err, /^chargehand: the output can't be written: .*\n$/);
});

t.test('an upgrade: another process, and the sessions of the old one go on', async (t) => {
  program.configure({ drain: '5m' });
  await program.chargehand('reload');
  const { client } = await program.session();
  const { pid } = program.process;
  const port = program.port + 2;
  program.configure({ drain: '5m', services: `, more: { listen: "127.0.0.1:${port}", port: ${program.nodePort} }` });
  successor = await upgraded(t, `+ service more\n+ listens on 127.0.0.1:${port}\n`);
  t.not(successor, pid);
  client.write('from before');
  const [answer] = (await once(client, 'data')) as [Buffer];
  t.equal(answer.toString(), 'from before');
  const young = await program.session();
  t.ok(young.row, 'the new process serves, and answers the commands');
  young.client.end();
  t.equal((await program.status()).program.predecessor, pid);
  t.match((await program.chargehand('status')).out, `process ${pid}, from before the upgrade`);
  let emptied = false;
  const draining = program.chargehand('drain', 'a', '--wait').finally(() => {
    emptied = true;
  });
  for (;;) if ((await program.stateOf('a')) === 'drain by operator') break;
  client.write('whichever node it is on');
  await once(client, 'data');
  t.notOk(emptied, 'a session of the old process may be on that node');
  client.end();
  const [exit] = (await once(program.process, 'exit')) as [number];
  t.equal(exit, 0, 'the old one ends when its last session has');
  t.match(await draining, {
    code: 0,
    out: `waiting for process ${pid}`,
    err: `process ${pid}, from before the upgrade, may still have sessions on a`,
  });
  t.equal((await program.status()).program.predecessor, null);
});

t.test('a stop soon after an upgrade waits for the process before: its sessions are not cut', async (t) => {
  process.kill(successor, 'SIGKILL');
  await program.start();
  const before = program.process;
  const { client } = await program.session();
  const after = await upgraded(t);
  process.kill(after, 'SIGTERM');
  await program.logged('the process before still lets its sessions finish');
  client.write('not cut');
  await once(client, 'data');
  t.ok(exists(after), 'systemd would kill the process before with it');
  client.end();
  await once(before, 'exit');
  await until(() => !exists(after), 'the end of the new process');
  t.equal(program.log.join('').match(/"sessions_cut":0/g)?.length, 2, 'each says that it cut none');
});

/** Its process id. `otherwise`: what it does that the one before did not, as the operator is shown it. */
async function upgraded(t: Test, otherwise = ''): Promise<number> {
  const { code, out } = await program.chargehand('upgrade');
  t.equal(code, 0);
  t.equal(out.slice(out.indexOf('\n') + 1), otherwise);
  const [, pid] = /^process (\d+) has taken over/.exec(out) ?? [];
  t.teardown(() => exists(Number(pid)) && process.kill(Number(pid), 'SIGKILL'));
  return Number(pid);
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
