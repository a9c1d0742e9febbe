import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { LimitedProcess, type Line } from '../fixtures/limited-process.ts';
import { freePorts } from '../fixtures/real-haproxy.ts';
import { echo, knock, startServer } from '../fixtures/tcp.ts';
import { until } from '../fixtures/until.ts';
import { Watched } from '../fixtures/watched.ts';

/** Node's loader opens all files of a program at once: fewer, and it does not even start. */
const FEW = 700;

/** A client that says a word; a reset may come before the connect is known. */
function visit(t: Test, port: number): Watched {
  const socket: Socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  t.teardown(() => socket.destroy());
  const client = new Watched(socket);
  socket.write('x');
  return client;
}

t.test(
  'more clients than descriptors: as many as they carry are served, each of the others is refused by a record',
  async (t) => {
    const backend = await startServer(t, echo);
    const [port = 0] = await freePorts(1);
    const folder = t.testdir({
      'few.yaml': `version: 1
nodes: { n: 127.0.0.1 }
services:
  few: { listen: "127.0.0.1:${port}", port: ${backend.port}, health: false, max_sessions: 1000 }
http: false
log: { format: json }
`,
    });
    const balancer = new LimitedProcess(t, FEW, 'src/main.ts', 'run', '-c', join(folder, 'few.yaml'));
    const ready = await balancer.line('it is ready', ({ msg }) => msg === 'chargehand is ready');
    const room = Number(ready['max_sessions']);
    t.ok(room > 0 && room < FEW / 2, `room for ${room} sessions`);
    const clients = Array.from({ length: room + 80 }, () => visit(t, port));
    await until(() => clients.every(({ saw, length }) => saw !== 'nothing' || length > 0), 'an answer to each');
    const served = clients.filter(({ length }) => length > 0);
    t.equal(served.length, room, 'the rest had no room');
    t.ok(
      clients.filter(({ length }) => length === 0).every(({ saw }) => saw === 'rst'),
      'a reset for each of them',
    );
    const refusals = (): number => balancer.lines.filter(isRefusal).reduce((sum, line) => sum + countOf(line), 0);
    await until(
      () => refusals() === clients.length - room,
      `${clients.length - room} refusals told, of which ${refusals()}`,
    );
    t.equal(refusals(), clients.length - room, 'and a record for each');
    for (const { socket } of served) socket.end();
    await until(() => balancer.lines.filter(({ end }) => end === 'completed').length === room, 'their ends');
    const again = visit(t, port);
    await again.heard(1);
    t.pass('and there is room again');
  },
);

/** A refused session, or the line that sums up more of them. */
function isRefusal(line: Line): boolean {
  return line['end'] === 'refused' || /refused/.test(String(line['msg']));
}

function countOf(line: Line): number {
  return line['end'] === 'refused' ? 1 : Number(line['refused'] ?? 0);
}

t.test('no descriptor for the dial: refused by a record, no word against the node, and it recovers', async (t) => {
  const backend = await startServer(t, echo);
  const balancer = new LimitedProcess(t, FEW, 'test/fixtures/short-of-descriptors.ts', String(backend.port));
  const { port } = (await balancer.line('its port', (line) => 'port' in line)) as { port: number };
  await balancer.line('the first probe', ({ probe }) => probe === 'good');
  const first = visit(t, port);
  await first.heard(1);
  await balancer.tell('take');
  for (let i = 0; i < 5; i++) {
    t.equal((await knock(t, port)).how, 'rst');
    const records = () => balancer.lines.filter(({ end }) => end === 'refused');
    await until(() => records().length === i + 1, 'its record');
    t.match(records()[i], { flags: 'RC' });
  }
  t.match(
    balancer.lines.filter(({ dial }) => dial !== undefined),
    Array(5).fill({ dial: 'no-descriptors', ours: true }),
  );
  first.socket.write('y');
  await first.heard(2);
  t.pass('who was served before is served on');
  await balancer.tell('give');
  const next = visit(t, port);
  await next.heard(1);
  t.pass('and the next one too');
  t.equal(balancer.lines.filter(({ probe }) => probe !== undefined).length, 1, 'the node was not even asked');
  t.same(
    balancer.lines.filter(({ flip }) => flip !== undefined),
    [],
  );
});
