import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startSuccessor } from '../../src/control/upgrade.ts';
import { manualClock } from '../fixtures/manual-clock.ts';
import { readAll, startClient } from '../fixtures/tcp.ts';
import { until } from '../fixtures/until.ts';

/** A program that listens on the socket it was given and answers each client with its own process id. */
const GOOD = `
const net = require('node:net');
const sockets = JSON.parse(process.env.CHARGEHAND_SOCKETS);
const server = net.createServer((c) => c.end(process.env.CHARGEHAND_PREDECESSOR + ' ' + process.pid));
server.listen({ fd: sockets.web }, () => process.send({ word: 'chargehand: ready', pid: process.pid }));
process.on('message', (m) => { if (m === 'chargehand: yours') process.disconnect(); });
setTimeout(() => process.exit(3), 30000);
`;

function options(t: Test, program: string, fd: number) {
  const folder = t.testdir({ 'program.cjs': program });
  return {
    command: [process.execPath, join(folder, 'program.cjs')],
    env: { PATH: process.env['PATH'], WATCHDOG_PID: '1', LISTEN_PID: '1' },
    pid: process.pid,
    sockets: new Map([['web', fd]]),
    clock: manualClock(),
  };
}

async function listening(t: Test): Promise<{ server: Server; fd: number; port: number }> {
  const server = createServer((c) => c.end('old'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
  const { port } = server.address() as { port: number };
  return { server, fd, port };
}

t.test('the new process answers on the same socket, and the old may close its own', async (t) => {
  const { server, fd, port } = await listening(t);
  const given = options(t, GOOD, fd);
  const successor = await startSuccessor(given);
  t.teardown(() => process.kill(successor.pid, 'SIGKILL'));
  const [, parent] = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${successor.pid}/status`, 'utf8')) ?? [];
  t.not(Number(parent), process.pid, 'it is not our child: systemd would not see it end');
  await new Promise<void>((resolve) => server.close(() => resolve()));
  successor.takeOver();
  const client = await startClient(t, port);
  t.equal((await readAll(client)).bytes.toString(), `${process.pid} ${successor.pid}`);
  t.equal(given.clock.pending, 0, 'no timer is left');
});

for (const [what, program, words] of [
  ['ends', 'process.exit(4)', /ended with exit code 4 before it was ready: the version before goes on running/],
  [
    'finds the configuration not valid',
    'process.exit(78)',
    /^the new program refuses the configuration as not valid \(chargehand check tells why\): the version before goes on running$/,
  ],
  ['is killed', 'process.kill(process.pid, "SIGKILL")', /ended with SIGKILL before/],
  ['has a fault', 'throw new Error("x")', /ended with exit code 1/],
] as const) {
  t.test(`a new process that ${what} changes nothing`, async (t) => {
    const { fd, port } = await listening(t);
    const given = options(t, program, fd);
    await t.rejects(startSuccessor(given), { code: 'upgrade-failed', message: words });
    t.equal(given.clock.pending, 0, 'no timer is left');
    t.equal((await readAll(await startClient(t, port))).bytes.toString(), 'old');
  });
}

t.test('a new process that never becomes ready is ended', async (t) => {
  const { fd } = await listening(t);
  const file = join(t.testdir({}), 'pid');
  const stuck = `require('node:fs').writeFileSync(${JSON.stringify(file)}, String(process.pid)); setInterval(() => {}, 1000)`;
  const given = options(t, stuck, fd);
  const started = startSuccessor(given);
  const refused = t.rejects(started, { message: /was not ready within 60 s/ });
  const pid = (): number => Number(existsSync(file) && readFileSync(file, 'utf8'));
  await until(() => pid() > 0, 'the program');
  t.ok(runs(pid()));
  await given.clock.advance(60_000);
  await refused;
  await until(() => !runs(pid()), 'its end');
});

function runs(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

t.test('a program that is not there is named', async (t) => {
  const { fd } = await listening(t);
  const given = { ...options(t, '', fd), command: ['/nonexistent/chargehand'] };
  await t.rejects(startSuccessor(given), { message: /\/nonexistent\/chargehand can't be started/ });
});
