import t from 'tap';
import { backendSpec, startBalancer } from '../fixtures/balancer.ts';
import { closedPort, echo, readAll, readBytes, startClient, startServer } from '../fixtures/tcp.ts';

t.test('two of three nodes refuse: the third serves, and what the client had sent is not lost', async (t) => {
  const good = await startServer(t, echo);
  const dead = await closedPort();
  const { events, port } = await startBalancer(t, [
    { backends: [backendSpec('dead1', dead), backendSpec('dead2', dead), backendSpec('good', good.port)] },
  ]);
  const client = await startClient(t, port());
  client.end('sent before any backend was there');
  t.equal((await readAll(client)).bytes.toString(), 'sent before any backend was there');
  t.match(await events.record(), { end: 'completed', node: 'good', retries: 2 });
  t.match(events.failures, [/^dead1: .*refused/, /^dead2: .*refused/], 'each was tried once');
});

t.test('no more candidates are tried than `retries` says', async (t) => {
  const dead = await closedPort();
  const { events, port } = await startBalancer(t, [
    { retries: 1, backends: ['a', 'b', 'c'].map((node) => backendSpec(node, dead)) },
  ]);
  const heard = await readAll(await startClient(t, port()));
  t.equal(heard.how, 'fin');
  t.match(await events.record(), {
    end: 'dial-failed',
    endedBy: 'backend',
    phase: 'dial',
    flags: 'SC',
    retries: 1,
    node: 'b',
  });
  t.equal(events.failures.length, 2);
});

t.test('a lone backend is dialled again: who restarts in the meantime serves', async (t) => {
  const dead = await closedPort();
  const { events, port } = await startBalancer(t, [{ backends: [backendSpec('lone', dead)] }]);
  const client = await startClient(t, port());
  client.write('x');
  await events.until(() => events.failures.length === 1);
  await startServer(t, echo, { port: dead });
  t.equal((await readBytes(client, 1)).toString(), 'x');
  client.destroy();
  t.match(await events.record(), { node: 'lone', retries: 1 });
});

t.test('a lone backend that stays away: three dials, then a FIN', async (t) => {
  const dead = await closedPort();
  const { events, port } = await startBalancer(t, [{ backends: [backendSpec('lone', dead)] }]);
  t.equal((await readAll(await startClient(t, port()))).how, 'fin');
  t.match(await events.record(), { end: 'dial-failed', retries: 2 });
  t.equal(events.failures.length, 3);
});

t.test('pinned refuses at once, and never goes elsewhere', async (t) => {
  const other = await startServer(t, echo);
  const dead = await closedPort();
  const { events, port } = await startBalancer(t, [
    {
      balance: { strategy: 'pinned', node: 'ca' },
      backends: [backendSpec('other', other.port), backendSpec('ca', dead)],
    },
  ]);
  t.equal((await readAll(await startClient(t, port()))).how, 'fin');
  t.match(await events.record(), { end: 'dial-failed', node: 'ca', retries: 0 });
  t.equal(events.failures.length, 1);
  t.equal(other.sockets.length, 0);
});

t.test('nobody available: a FIN and a record that says so', async (t) => {
  const { events, port } = await startBalancer(t, [{ backends: [backendSpec('n1', 1, { admin: 'drain' })] }]);
  t.equal((await readAll(await startClient(t, port()))).how, 'fin');
  const record = await events.record();
  t.match(record, { end: 'no-backend', endedBy: 'proxy', flags: 'SC', phase: 'dial' });
  t.equal(record.node, undefined);
});

t.test('a backup serves only when nobody else can', async (t) => {
  const backup = await startServer(t, echo);
  const first = await startServer(t, echo);
  const dead = await closedPort();
  const { events, port } = await startBalancer(t, [
    { name: 'a', backends: [backendSpec('b', backup.port, { backup: true }), backendSpec('n', first.port)] },
    { name: 'b', backends: [backendSpec('b', backup.port, { backup: true }), backendSpec('n', dead)] },
  ]);
  for (const service of ['a', 'b']) (await startClient(t, port(service))).end('x');
  await events.until(() => events.records.length === 2);
  t.match(
    events.records.find((r) => r.service === 'a'),
    { node: 'n', end: 'completed' },
  );
  t.match(
    events.records.find((r) => r.service === 'b'),
    { node: 'b', end: 'completed', retries: 1 },
  );
});
