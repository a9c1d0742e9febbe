import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import t from 'tap';
import { backendSpec } from '../fixtures/balancer.ts';
import { askSocket, csvRows, haproxyFace } from '../fixtures/haproxy-face.ts';
import { manualClock } from '../fixtures/manual-clock.ts';
import { echo, startServer } from '../fixtures/tcp.ts';
import { until } from '../fixtures/until.ts';

const NOBODY = [{ backends: [backendSpec('n', 1)] }];

t.test('16 connections; one more is closed, and a place that is given back is used', async (t) => {
  const { path } = await haproxyFace(t, NOBODY);
  const held = await Promise.all(
    Array.from({ length: 16 }, async () => {
      const socket = connect(path);
      socket.write('prompt\n');
      await once(socket, 'data');
      return socket;
    }),
  );
  t.equal(await askSocket(path, 'show version\n'), '', 'the 17th gets no answer');
  held[0]?.destroy();
  let answer = '';
  for (let i = 0; i < 200 && answer === ''; i++) answer = await askSocket(path, 'show version\n');
  t.match(answer, /chargehand-1\.2\.3/, 'a place is free again');
  for (const socket of held) socket.destroy();
});

t.test('a line of 16 kB is taken, a longer one ends the conversation', async (t) => {
  const { path } = await haproxyFace(t, NOBODY);
  const long = `show version${' '.repeat(16 * 1024 - 12)}`;
  t.match(await askSocket(path, `${long}\n`), /chargehand/);
  t.equal(await askSocket(path, `${long}  `), 'The line is too long.\n\n', 'with no end in sight');
  t.equal(await askSocket(path, `${long}  \nshow version\n`), 'The line is too long.\n\n');
});

t.test('who says nothing, or does not read, is cut', async (t) => {
  const clock = manualClock();
  const names = Array.from({ length: 400 }, (_, i) => backendSpec(`node-${i}`, 1));
  const { path } = await haproxyFace(t, [{ backends: names }], { clock });
  const before = clock.pending;
  const silent = connect(path);
  const slow = connect(path);
  await until(() => clock.pending === before + 2, 'that both are timed');
  const gone = Promise.all([once(silent, 'close'), once(slow, 'close')]);
  slow.pause();
  // Far more than the kernel keeps for a reader that doesn't read.
  slow.write('prompt\n');
  slow.write(`${'show stat;'.repeat(200)}\n`);
  await until(() => slow.bytesWritten > 2000, 'that it was sent');
  await clock.advance(9000);
  t.equal(silent.closed, false, 'not yet');
  await clock.advance(11_000);
  slow.resume();
  silent.resume();
  await gone;
  t.equal(clock.pending, before, 'no timer is left');
});

t.test('a client may ask for more time', async (t) => {
  const clock = manualClock();
  const { path } = await haproxyFace(t, NOBODY, { clock });
  const socket = connect(path);
  let said = '';
  socket.on('data', (chunk) => {
    said += chunk;
  });
  socket.write('prompt\nset timeout cli 60\n');
  await until(() => said === '\n> \n> ', 'two prompts');
  await clock.advance(59_000);
  socket.write('show version\n');
  await until(() => said.includes('chargehand'), 'an answer');
  const closed = once(socket, 'close');
  await clock.advance(61_000);
  await closed;
});

t.test('it is a socket for the operators only, and is gone at the end', async (t) => {
  const { path, face } = await haproxyFace(t, NOBODY);
  t.equal(statSync(path).mode & 0o777, 0o660);
  await face.close();
  t.equal(existsSync(path), false);
});

t.test('whatever is sent, it goes on answering', { timeout: 60_000 }, async (t) => {
  const backend = await startServer(t, echo);
  const { path, ask } = await haproxyFace(t, [{ name: 'web', backends: [backendSpec('a', backend.port)] }]);
  const words = [
    'show',
    'stat',
    'sess',
    'info',
    'set',
    'server',
    'weight',
    'state',
    'web/a',
    'web/',
    '/a',
    '//',
    'nobody/a',
    'ready',
    'drain',
    'typed',
    'json',
    '-1',
    '2',
    '99999999999999999999',
    '%',
    '50%',
    '\\',
    ';',
    ';;',
    '\\;',
    '\u0000',
    '\u202e',
    '"',
    '<<',
    '@1',
    'help',
    'prompt',
    'servers',
    '__proto__',
    'constructor',
    '\r',
    '\t',
    'backend',
    'up',
    'domain',
    'get',
  ];
  let seed = 12345;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  for (let i = 0; i < 300; i++) {
    const line =
      i % 5 === 0
        ? Buffer.from(Array.from({ length: random(200) }, () => random(256)))
        : Buffer.from(Array.from({ length: random(8) }, () => words[random(words.length)]).join(random(2) ? ' ' : ''));
    const answer = await askSocket(path, Buffer.concat([line, Buffer.from('\nquit\n')]));
    t.notMatch(answer, /(?!\n)[\p{C}]/u, `nothing unprintable comes back (${JSON.stringify(line.toString())})`);
    t.notMatch(answer, /TypeError|undefined|NaN|\[object/, JSON.stringify(line.toString()));
  }
  t.equal(csvRows(await ask('show stat')).length, 3);
});

t.test('a socket that can not be had is named, with the way out', async (t) => {
  const { face } = await haproxyFace(t, NOBODY);
  const other = await haproxyFace(t, NOBODY);
  await t.rejects(
    face.start({ haproxy: { socket: other.path, metrics: false }, admin: false }),
    /haproxy\.socket .*h\.sock: another process answers there/,
  );
  await t.rejects(
    face.start({ haproxy: { socket: '/nonexistent-folder/h.sock', metrics: false }, admin: false }),
    /its folder does not exist/,
  );
  await t.rejects(
    face.start({ haproxy: { socket: `/tmp/${'x'.repeat(120)}`, metrics: false }, admin: false }),
    /the path of a Unix socket has at most 107 bytes/,
  );
  t.match(await other.ask('show version'), /chargehand/, 'the other goes on');
});
