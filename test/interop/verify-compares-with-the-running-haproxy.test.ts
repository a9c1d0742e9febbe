// `chargehand import FILE --verify SOCKET` against a real HAProxy: both see the same, or what differs is named: a node that
// HAProxy alone has out, a node that is dead for both, the clients that HAProxy's map has moved.

import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { systemClock } from '../../src/core/clock.ts';
import { askCommandSocket } from '../../src/net/ask-command-socket.ts';
import { ask, findHaproxy, freePorts, startHaproxy } from '../fixtures/real-haproxy.ts';
import { startServer } from '../fixtures/tcp.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';

t.setTimeout(300_000);

const haproxy = findHaproxy();
const skip = haproxy === undefined ? 'haproxy is not installed' : false;
const CLIENTS = Array.from({ length: 30 }, (_, i) => `127.0.${i}.9`);
const root = join(import.meta.dirname, '..', '..');

interface Scene {
  readonly file: string;
  readonly socket: string;
  readonly port: number;
  stop(server: number): void;
}

async function scene(t: Test): Promise<Scene> {
  if (haproxy === undefined) throw new Error('skipped without haproxy');
  // A path of its own: HAProxy takes no socket path above 97 characters.
  const folder = temporaryFolder(t);
  const socket = join(folder, 'stats');
  const [port = 0, other = 0] = await freePorts(2);
  const servers = await Promise.all(['a', 'b', 'c'].map((name) => startServer(t, (s) => s.resume().end(name))));
  const lines = (check: string) => servers.map((server, i) => `  server ${'abc'[i]} 127.0.0.1:${server.port} ${check}`);
  const text = [
    ...['global', `  stats socket ${socket} level admin`, '  nbthread 1'],
    ...['defaults', '  mode tcp', '  timeout connect 1s', '  timeout client 20s', '  timeout server 20s'],
    ...['listen kept', `  bind *:${port}`, '  balance source', ...lines('check inter 100ms')],
    ...['listen turns', `  bind *:${other}`, '  balance roundrobin', ...lines('check inter 100ms')],
  ];
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(file, `${text.join('\n')}\n`);
  await startHaproxy(t, haproxy, `${text.join('\n')}\n`, port);
  return { file, socket, port, stop: (server) => void servers[server]?.server.close() };
}

interface Outcome {
  readonly code: number;
  readonly lines: readonly string[];
  readonly errors: string;
}

function verified({ file, socket }: Scene, clients: readonly string[] = CLIENTS): Promise<Outcome> {
  const options = clients.length === 0 ? [] : ['--client', ...clients];
  const words = ['--import=tsx', 'src/main.ts', 'import', file, '--verify', socket, ...options];
  return new Promise((resolve) => {
    execFile(process.execPath, words, { cwd: root }, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), lines: stdout.trimEnd().split('\n'), errors: stderr });
    });
  });
}

async function downInBoth(socket: string, server: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const lines = (await askCommandSocket(socket, 'show stat', systemClock)).split('\n');
    const down = lines.filter((line) => new RegExp(`^(kept|turns),${server},.*,DOWN,`).test(line));
    if (down.length === 2) return;
    if (Date.now() > deadline) throw new Error(`HAProxy does not notice that ${server} is down: ${lines.join('\n')}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const differing = ({ lines }: Outcome) => lines.filter((line) => line.startsWith('differs:'));

t.test('nothing differs while all is well', { skip, timeout: 120_000 }, async (t) => {
  const outcome = await verified(await scene(t));
  t.strictSame(differing(outcome), []);
  t.equal(outcome.code, 0, outcome.errors);
  t.match(outcome.lines.join('\n'), 'kept: each of 30 clients has the same node in both');
  t.match(outcome.lines.join('\n'), 'kept: a is UP in HAProxy, here up');
  t.match(outcome.lines.join('\n'), 'turns: roundrobin: no client has a node of its own');
});

t.test(
  'a node that only HAProxy has out, and the clients that it moved for that',
  { skip, timeout: 120_000 },
  async (t) => {
    const running = await scene(t);
    const before = await Promise.all(CLIENTS.map((client) => ask(running.port, { localAddress: client })));
    await askCommandSocket(running.socket, 'set server kept/b state maint', systemClock);
    const after = await Promise.all(CLIENTS.map((client) => ask(running.port, { localAddress: client })));
    const moved = CLIENTS.filter((_, i) => before[i] !== after[i]);
    const outcome = await verified(running);
    t.equal(outcome.code, 1);
    const told = differing(outcome);
    t.ok(
      told.some((line) => line.includes('kept: b is MAINT in HAProxy, here up')),
      told.join('\n'),
    );
    t.ok(
      told.some((line) => line.includes(`kept: ${moved.length} of 30 clients have another node here`)),
      told.join('\n'),
    );
    t.notOk(
      told.some((line) => line.includes('turns:')),
      'the other backend is as it was',
    );
  },
);

t.test('a node that is dead for both does not differ in health', { skip, timeout: 120_000 }, async (t) => {
  const running = await scene(t);
  running.stop(2);
  await downInBoth(running.socket, 'c');
  const outcome = await verified(running);
  t.match(outcome.lines.join('\n'), /same: kept: c is DOWN in HAProxy, here down: /);
  t.ok(
    differing(outcome).every((line) => line.includes('clients have another node here')),
    differing(outcome).join('\n'),
  );
});

t.test('a server that HAProxy has at another address', { skip, timeout: 120_000 }, async (t) => {
  const running = await scene(t);
  await askCommandSocket(running.socket, 'set server turns/b addr 127.0.0.2 port 9', systemClock);
  const outcome = await verified(running);
  t.equal(outcome.code, 1);
  t.ok(
    differing(outcome).some((line) =>
      /^differs: turns: HAProxy has turns\/b at 127\.0\.0\.2:9, this file at 127\.0\.0\.1:[0-9]+$/.test(line),
    ),
    outcome.lines.join('\n'),
  );
});

t.test('a backend that only HAProxy has', { skip, timeout: 120_000 }, async (t) => {
  const running = await scene(t);
  writeFileSync(running.file, readFileSync(running.file, 'utf8').split('listen turns')[0] ?? '');
  const outcome = await verified(running);
  t.equal(outcome.code, 1);
  t.strictSame(differing(outcome), ['differs: HAProxy has a backend turns that is not in this file']);
});

t.test('a server that has weight 0 there, or is drained', { skip, timeout: 120_000 }, async (t) => {
  const running = await scene(t);
  await askCommandSocket(running.socket, 'set server turns/a weight 0', systemClock);
  await askCommandSocket(running.socket, 'set server turns/b state drain', systemClock);
  const outcome = await verified(running);
  t.equal(outcome.code, 1);
  t.match(differing(outcome), [
    /^differs: turns: a is (UP|DRAIN) in HAProxy \((weight 0|drained): no new sessions\), here up$/,
    /^differs: turns: b is (UP|DRAIN) in HAProxy \((weight 0|drained): no new sessions\), here up$/,
  ]);
});

t.test('a socket that is none is one line', { skip, timeout: 120_000 }, async (t) => {
  const running = await scene(t);
  const outcome = await verified({ ...running, socket: '/nonexistent/stats' });
  t.equal(outcome.code, 1);
  t.match(outcome.errors, 'chargehand: /nonexistent/stats is no socket');
});

t.test('without --client it compares those that HAProxy has sessions of', { skip, timeout: 120_000 }, async (t) => {
  const outcome = await verified(await scene(t), []);
  t.match(outcome.errors, 'compared for');
  t.equal(outcome.code, 0);
});
