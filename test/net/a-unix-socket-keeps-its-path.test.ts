// The path of a Unix socket through upgrades: it is there as long as any process listens, and goes with the last.

import { closeSync, existsSync, mkdirSync, openSync, readdirSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startSuccessor } from '../../src/control/upgrade.ts';
import { backendSpec, type Running, startBalancer } from '../fixtures/balancer.ts';
import { manualClock } from '../fixtures/manual-clock.ts';
import { passedSocket } from '../fixtures/passed-socket.ts';
import { echo, readAll, startServer } from '../fixtures/tcp.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';

/** Says a word and tells what comes back; `(code)`: how it failed. */
async function talk(path: string): Promise<string> {
  const socket = connect({ path, allowHalfOpen: true });
  const heard = readAll(socket);
  socket.end('word');
  const { bytes, how } = await heard;
  socket.destroy();
  return how === 'fin' ? bytes.toString() : `(${how})`;
}

async function listening(t: Test, paths: readonly string[], inherited = new Map<string, number>()): Promise<Running> {
  const backend = await startServer(t, echo);
  const listen = paths.map((path) => ({ kind: 'unix', path }) as const);
  return startBalancer(t, [{ listen, backends: [backendSpec('n', backend.port)] }], { inherited });
}

/** A program that listens on the one socket it was given and answers with its process id. */
const SUCCESSOR = `
const [fd] = Object.values(JSON.parse(process.env.CHARGEHAND_SOCKETS));
const server = require('node:net').createServer((c) => c.end(String(process.pid)));
server.listen({ fd }, () => process.send({ word: 'chargehand: ready', pid: process.pid }));
process.on('disconnect', () => {});
setTimeout(() => process.exit(3), 60000);
`;

t.test('after a hand-over the path leads to the new process when the old one has closed its own', async (t) => {
  const path = join(temporaryFolder(t), 'web.sock');
  const { balancer } = await listening(t, [path]);
  const successor = await startSuccessor({
    command: [process.execPath, '-e', SUCCESSOR],
    env: { PATH: process.env['PATH'] },
    pid: process.pid,
    sockets: balancer.descriptors(),
    clock: manualClock(),
  });
  t.teardown(() => process.kill(successor.pid, 'SIGKILL'));
  successor.takeOver();
  balancer.handOver();
  await balancer.stop();
  t.equal(await talk(path), String(successor.pid));
});

t.test('who inherited the socket removes its path at its end, but leaves it to a successor', async (t) => {
  const path = join(temporaryFolder(t), 'web.sock');
  const first = await listening(t, [path], new Map([[`unix:${path}`, passedSocket({ path })]]));
  t.equal(await talk(path), 'word');
  await first.balancer.stop();
  t.notOk(existsSync(path));
  const second = await listening(t, [path], new Map([[`unix:${path}`, passedSocket({ path })]]));
  second.balancer.handOver();
  await second.balancer.stop();
  t.ok(existsSync(path));
});

t.test('a successor that cannot start leaves the path to the process before it', async (t) => {
  const folder = temporaryFolder(t);
  const [path, other] = [join(folder, 'web.sock'), join(folder, 'other.sock')];
  const noSocket = openSync('/dev/null', 'r');
  t.teardown(() => closeSync(noSocket));
  const inherited = new Map([
    [`unix:${path}`, passedSocket({ path })],
    [`unix:${other}`, noSocket],
  ]);
  await t.rejects(listening(t, [path, other], inherited), { code: 'EINVAL' });
  t.ok(existsSync(path));
});

t.test('an inherited Unix socket that the file no longer has goes with its path', async (t) => {
  const folder = temporaryFolder(t);
  const [kept, dropped] = [join(folder, 'kept.sock'), join(folder, 'dropped.sock')];
  await listening(t, [kept], new Map([[`unix:${dropped}`, passedSocket({ path: dropped })]]));
  t.same(readdirSync(folder), ['kept.sock']);
});

t.test('a path that another process has taken meanwhile is not removed', async (t) => {
  const path = join(temporaryFolder(t), 'web.sock');
  const first = await listening(t, [path]);
  unlinkSync(path);
  await listening(t, [path]);
  await first.balancer.stop();
  t.equal(await talk(path), 'word');
});

t.test('a path of every length that Linux allows', async (t) => {
  const folder = temporaryFolder(t);
  const longest = 107;
  for (const name of ['a', '_', '_b', 'web', 'a-socket.sock', 'ü'.repeat(8)]) {
    const room = longest - Buffer.byteLength(`${folder}//${name}`);
    const deep = join(folder, 'd'.repeat(room));
    mkdirSync(deep, { recursive: true });
    const path = join(deep, name);
    t.equal(Buffer.byteLength(path), longest);
    const { balancer } = await listening(t, [path]);
    t.equal(await talk(path), 'word');
    t.same(readdirSync(deep), [name], 'nothing stands beside it');
    await balancer.stop();
    t.same(readdirSync(deep), []);
  }
});

t.test('a path that is taken: nothing is left beside it', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'web.sock');
  await listening(t, [path]);
  await t.rejects(listening(t, [path]), { code: 'EADDRINUSE' });
  t.same(readdirSync(folder), ['web.sock']);
});
