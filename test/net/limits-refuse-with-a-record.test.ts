import t from 'tap';
import { backendSpec, startBalancer } from '../fixtures/balancer.ts';
import { echo, knock, readBytes, startClient, startServer } from '../fixtures/tcp.ts';

t.test('over the limit of the service: a reset and a record, and room again afterwards', async (t) => {
  const backend = await startServer(t, echo);
  const { events, port } = await startBalancer(t, [{ maxSessions: 2, backends: [backendSpec('n', backend.port)] }]);
  const clients = [await startClient(t, port()), await startClient(t, port())];
  for (const client of clients) {
    client.write('x');
    await readBytes(client, 1);
  }
  t.equal((await knock(t, port())).how, 'rst');
  t.match(await events.record(0), { end: 'refused', endedBy: 'proxy', flags: 'RC', node: undefined });
  clients[0]?.end();
  await events.record(1);
  const next = await startClient(t, port());
  next.write('y');
  t.equal((await readBytes(next, 1)).toString(), 'y');
});

t.test('over the limit of the process, with two services', async (t) => {
  const backend = await startServer(t, echo);
  const { events, port } = await startBalancer(
    t,
    ['a', 'b'].map((name) => ({ name, maxSessions: 10, backends: [backendSpec('n', backend.port)] })),
    { sessionLimit: 1 },
  );
  const first = await startClient(t, port('a'));
  first.write('x');
  await readBytes(first, 1);
  t.equal((await knock(t, port('b'))).how, 'rst');
  t.match(await events.record(), { service: 'b', end: 'refused' });
});

t.test('one service that is full leaves room for the others', async (t) => {
  const backend = await startServer(t, echo);
  const { port } = await startBalancer(
    t,
    ['a', 'b'].map((name) => ({ name, backends: [backendSpec('n', backend.port)] })),
    { sessionLimit: 8 },
  );
  for (let i = 0; i < 6; i++) await startClient(t, port('a'));
  const refused = [await knock(t, port('a')), await knock(t, port('a'))];
  t.same(
    refused.map((r) => r.how),
    ['rst', 'rst'],
    'three quarters of the process, not more',
  );
  const other = await startClient(t, port('b'));
  other.write('x');
  t.equal((await readBytes(other, 1)).toString(), 'x');
});
