import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import t, { type Test } from 'tap';
import { makeAuthority } from '../../demo/certificates.ts';
import {
  ALERT,
  ANSWERING,
  afterBytes,
  deaf,
  echo,
  fin,
  HALF_RECORD,
  later,
  rst,
  type Script,
  say,
  scriptedBackend,
  silent,
  tls,
  UNABLE,
  when,
} from '../fixtures/scripted-backend.ts';
import { stoppableEcho } from '../fixtures/stoppable-process.ts';
import { type Heard, readAll, readBytes, startClient } from '../fixtures/tcp.ts';
import { helloMessage, inRecords } from '../fixtures/tls-hello.ts';

const hello = inRecords(helloMessage({ extensions: [] }), [20]);

/** What comes back to a hello. A reset may come before the client's own end has told it that it is connected. */
function hears(t: Test, port: number): Promise<Heard> {
  const client = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  t.teardown(() => client.destroy());
  const heard = readAll(client);
  for (const byte of hello) client.write(Buffer.from([byte]));
  return heard;
}

t.test('what a client sees that sends a hello', async (t) => {
  const stories: [string, Script | undefined, string, Buffer][] = [
    ['accepts and closes', fin, 'fin', Buffer.alloc(0)],
    ['accepts and resets', rst, 'rst', Buffer.alloc(0)],
    ['closes after the hello', undefined, 'fin', Buffer.alloc(0)],
    ['resets after the hello', undefined, 'rst', Buffer.alloc(0)],
    ['sends an alert first', undefined, 'fin', ALERT],
    ['sends half a record and closes', undefined, 'fin', HALF_RECORD],
    ['answers late', afterBytes(1, later(30, say('late', fin))), 'fin', Buffer.from('late')],
    ['answers at once', say('220 ready', fin), 'fin', Buffer.from('220 ready')],
  ];
  for (const [name, own, how, bytes] of stories) {
    const script = UNABLE[name] ?? ANSWERING[name] ?? own;
    if (script === undefined) throw new Error(`no script: ${name}`);
    const backend = await scriptedBackend(t, script);
    t.same(await hears(t, backend.port), { bytes, how } satisfies Heard, name);
  }
});

t.test('a reset behind an answer that was seen', async (t) => {
  const sign = new EventEmitter();
  const backend = await scriptedBackend(t, afterBytes(1, say(HALF_RECORD, when(once(sign, 'seen'), rst))));
  const client = await startClient(t, backend.port);
  client.once('data', () => sign.emit('seen'));
  client.write(hello);
  t.same(await readAll(client), { bytes: HALF_RECORD, how: 'rst' } satisfies Heard);
});

t.test('nothing is said before the hello is whole', async (t) => {
  const backend = await scriptedBackend(t, ANSWERING['sends an alert first'] ?? silent);
  const client = await startClient(t, backend.port);
  client.write(hello.subarray(0, -1));
  const visit = await backend.visit();
  await visit.until(hello.length - 1);
  t.equal(visit.socket.bytesWritten, 0);
  client.write(hello.subarray(-1));
  t.same((await readAll(client)).bytes, ALERT);
});

t.test('the silent one reads, the deaf one does not, and neither answers', async (t) => {
  const mute = await scriptedBackend(t, silent);
  const unwilling = await scriptedBackend(t, deaf);
  for (const backend of [mute, unwilling]) (await startClient(t, backend.port)).end(hello);
  const visit = await mute.visit();
  await visit.until(hello.length);
  t.same(visit.received(), hello);
  t.equal(await visit.ended, 'fin');
  t.equal((await unwilling.visit()).socket.bytesRead, 0);
  for (const { socket } of [visit, await unwilling.visit()]) {
    t.equal(socket.bytesWritten, 0);
    t.notOk(socket.writableEnded);
  }
});

t.test('a client that resets is told from one that closes', async (t) => {
  const backend = await scriptedBackend(t, echo);
  const client = await startClient(t, backend.port);
  client.write('x');
  await readBytes(client, 1);
  client.resetAndDestroy();
  t.equal(await (await backend.visit()).ended, 'rst');
});

t.test('another script for the next connection, and a sign to go on', async (t) => {
  const backend = await scriptedBackend(t, rst);
  t.equal((await hears(t, backend.port)).how, 'rst');
  const sign = new EventEmitter();
  backend.follow(when(once(sign, 'go'), say('now', fin)));
  const client = await startClient(t, backend.port);
  const visit = await backend.visit(1);
  t.equal(visit.socket.bytesWritten, 0);
  sign.emit('go');
  t.equal((await readAll(client)).bytes.toString(), 'now');
  t.equal(backend.visits.length, 2);
});

t.test('a TLS server, at once and late', async (t) => {
  const authority = await makeAuthority();
  const identity = await authority.issue({ commonName: 'node', names: ['node.example.net'] });
  const serve = tls(identity, (socket) => void socket.end('secret'));
  for (const script of [serve, later(30, serve)]) {
    const backend = await scriptedBackend(t, script);
    const client = connectTls({
      socket: await startClient(t, backend.port),
      servername: 'node.example.net',
      ca: authority.certificate,
    });
    const [said] = (await once(client, 'data')) as [Buffer];
    t.equal(said.toString(), 'secret');
    t.ok(client.authorized);
    client.destroy();
  }
});

t.test('closing leaves nothing open', async (t) => {
  const backend = await scriptedBackend(t, later(1_000_000, silent));
  const clients = await Promise.all([1, 2, 3].map(() => startClient(t, backend.port)));
  await backend.visit(2);
  const ends = clients.map(readAll);
  await backend.close();
  t.same((await Promise.all(ends)).length, 3);
  t.ok(backend.visits.every(({ socket }) => socket.destroyed));
  await t.rejects(startClient(t, backend.port), { code: 'ECONNREFUSED' });
  await backend.close();
});

t.test('a stopped process is accepted for and says nothing, until it goes on', async (t) => {
  const backend = await stoppableEcho(t);
  const before = await startClient(t, backend.port);
  before.write('1');
  t.equal((await readBytes(before, 1)).toString(), '1');
  await backend.freeze();
  const during = await startClient(t, backend.port);
  before.write('2');
  during.write('3');
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(before.bytesRead, 1);
  t.equal(during.bytesRead, 0);
  backend.thaw();
  t.equal((await readBytes(before, 1)).toString(), '2');
  t.equal((await readBytes(during, 1)).toString(), '3');
  await backend.freeze();
  const heard = readAll(during);
  await backend.close();
  t.match((await heard).how, /fin|rst/);
  t.throws(() => process.kill(backend.pid, 0), { code: 'ESRCH' });
});
