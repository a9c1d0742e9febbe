import t from 'tap';
import { backendSpec, startBalancer } from '../fixtures/balancer.ts';
import { echo, readBytes, startClient, startServer } from '../fixtures/tcp.ts';

t.test('a node whose name is unknown is down, says why, and the others serve', async (t) => {
  const good = await startServer(t, echo);
  const { balancer, port } = await startBalancer(t, [
    { backends: [backendSpec('lost', good.port, { host: 'nobody.invalid' }), backendSpec('good', good.port)] },
  ]);
  const [service] = balancer.snapshot();
  const [lost, found] = service?.backends ?? [];
  t.match(lost, { node: 'lost', health: 'down', reason: 'nobody.invalid: the name was not resolved' });
  t.equal(lost?.address, undefined);
  t.match(found, { node: 'good', health: 'up' });
  for (let i = 0; i < 3; i++) {
    const client = await startClient(t, port());
    client.write('x');
    t.equal((await readBytes(client, 1)).toString(), 'x');
  }
});
