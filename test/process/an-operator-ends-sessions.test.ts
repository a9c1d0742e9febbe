// Finding the sessions one means, and ending them: the filters, one by its id, and a node emptied gently, in vain, or
// against the will of somebody else.

import { connect, type Socket } from 'node:net';
import t from 'tap';
import { OperatedProgram } from '../fixtures/operated-program.ts';
import { readAll } from '../fixtures/tcp.ts';
import { until } from '../fixtures/until.ts';

t.setTimeout(240_000);

const program = await OperatedProgram.prepare(t);
const apiPort = program.port + 1;
program.configure({ services: `, api: { listen: "127.0.0.1:${apiPort}", port: ${program.nodePort} }` });
await program.start();

/** One request on the admin socket: everything that comes back, until it closes. */
async function raw(text: string): Promise<string> {
  const asking = connect({ path: program.socket });
  asking.on('error', () => {});
  asking.write(text);
  return (await readAll(asking)).bytes.toString();
}

t.test('the filters find what they say, and nothing else', async (t) => {
  const web = await program.session();
  const api = await program.session({ port: apiPort });
  const far = await program.session({ from: '127.0.0.77' });
  const all = [web, api, far];
  const found = async (...filter: string[]) => (await program.sessions(...filter)).map((row) => row.session).sort();
  const those = (...some: typeof all) => some.map(({ row }) => row.session).sort();
  t.same(await found(), those(...all));
  t.same(await found('--service', 'api'), those(api));
  t.same(await found('--client', '127.0.0.77'), those(far));
  for (const node of ['a', 'b']) {
    t.same(await found('--node', node), those(...all.filter(({ row }) => row.node === node)), `--node ${node}`);
  }
  t.same(await found('--service', 'api', '--client', '127.0.0.77'), [], 'all of them must fit');
  t.match(await program.chargehand('sessions', '--service', 'nothing'), {
    code: 1,
    err: /there is no service nothing/,
  });
  t.match(await program.chargehand('sessions', '--client', 'nobody'), { code: 2, err: /not an IP address/ });
  const text = await program.chargehand('sessions', '--client', '127.0.0.77');
  t.match(text.out, `127.0.0.77:${far.client.localPort}`);
  for (const { client } of all) client.end();
});

t.test('one session is ended by its id', async (t) => {
  const doomed = await program.session();
  const other = await program.session();
  const heard = readAll(doomed.client);
  const end = (id: string) => raw(`DELETE /v1/sessions/${id} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  t.match(await end(doomed.row.session), /^HTTP\/1\.1 200 /);
  await heard;
  const record = new RegExp(`"session":"${doomed.row.session}".*"end":"closed-by-operator"`);
  await until(() => record.test(program.log.join('')), 'its record');
  t.match(await end(doomed.row.session), /^HTTP\/1\.1 404 [\s\S]*no session/, 'a second time there is none');
  t.same(
    (await program.sessions()).map((row) => row.session),
    [other.row.session],
    'the other one runs',
  );
  other.client.end();
});

t.test('--close-over ends one after the other, and --wait sees the last one', async (t) => {
  await program.chargehand('maint', 'b');
  const sessions: Socket[] = [];
  for (let i = 0; i < 6; i++) sessions.push((await program.session()).client);
  await program.chargehand('ready', 'b');
  let ended = 0;
  const leftAtEnd: number[] = [];
  for (const session of sessions) {
    session.resume();
    session.once('end', () => {
      ended++;
      // What the balancer ends in one go arrives together: counted when all that came with it has been read.
      setImmediate(() => leftAtEnd.push(sessions.length - ended));
      session.end();
    });
  }
  const { code, out } = await program.chargehand('drain', 'a', '--within', '1s', '--close-over', '6s', '--wait');
  t.equal(code, 0);
  t.match(out, /6 sessions on it[\s\S]*its last session has ended/);
  t.ok(
    leftAtEnd.some((left) => left > 0 && left < 6),
    `others still ran when some had ended: ${leftAtEnd}`,
  );
  t.equal(ended, 6);
  t.match(await program.chargehand('drain', 'a', '--close-over', '6s'), { code: 2, err: /give both/ });
  await program.chargehand('ready', 'a');
});

t.test('--wait that waits in vain is exit 1', async (t) => {
  const { client, row } = await program.session();
  const node = row.node ?? '';
  const waiting = program.chargehand('drain', node, '--wait');
  for (;;) if ((await program.stateOf(node)) === 'drain by operator') break;
  await program.chargehand('ready', node);
  t.match(await waiting, { code: 1, err: `chargehand: ${node} was set to ready meanwhile\n` });
  client.write('still');
  client.end();
});

t.test('one who opens many connections to the admin socket leaves places for others when he goes', async (t) => {
  const crowd: Socket[] = [];
  for (let i = 0; i < 40; i++) {
    const socket = connect({ path: program.socket });
    socket.on('error', () => {});
    t.teardown(() => socket.destroy());
    crowd.push(socket);
  }
  const ask = 'GET /v1/where?client=192.0.2.1 HTTP/1.1\r\nHost: x\r\n\r\n';
  const answered = new Set<Socket>();
  const closed = new Set<Socket>();
  for (const socket of crowd) {
    socket.once('data', () => answered.add(socket));
    socket.once('close', () => closed.add(socket));
    socket.write(ask);
  }
  await until(() => answered.size + closed.size >= crowd.length, 'that each has an answer or was turned away');
  t.equal(answered.size, 32, 'so many at once');
  for (const socket of crowd) socket.destroy();
  t.equal((await program.chargehand('status')).code, 0);
});
