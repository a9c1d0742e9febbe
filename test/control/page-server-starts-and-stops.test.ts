import { once } from 'node:events';
import { createServer } from 'node:net';
import t from 'tap';
import { ListenError } from '../../src/errors.ts';
import { ask, pageServer, rawClient } from '../fixtures/page-server.ts';
import { until } from '../fixtures/until.ts';

t.test('a port that is taken: the line names it and how to find who has it', async (t) => {
  const other = createServer().listen({ host: '127.0.0.1', port: 0 });
  await once(other, 'listening');
  const address = other.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const error = await pageServer({}, { port }).catch((reason: unknown) => reason);
  t.ok(error instanceof ListenError);
  t.match(error, { code: 'EADDRINUSE', side: 'proxy' });
  t.match(String((error as Error).message), `cannot listen on 127.0.0.1:${port} (http.listen): the port is taken`);
  t.match(String((error as Error).message), `"ss -ltnp sport = :${port}"`);
  other.close();
});

t.test('an address of another machine', async (t) => {
  const error = await pageServer({}, { host: '192.0.2.1' }).catch((reason: unknown) => reason);
  t.match(error, { code: 'EADDRNOTAVAIL', message: /^cannot listen on 192\.0\.2\.1:0 .*does not hold the address/ });
});

t.test('no host: all addresses', async (t) => {
  const { server, port } = await pageServer({}, { host: undefined });
  t.equal((await ask(port, '/healthz')).status, 200);
  await server.close();
});

t.test('closing ends connections that are kept, that wait, and that are being answered, at once', async (t) => {
  const never = new Promise<string>(() => {});
  const { server, port } = await pageServer({ metrics: { contentType: 'text/plain', text: () => never } });
  const kept = rawClient(port, 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await once(kept.socket, 'data');
  const silent = rawClient(port, '');
  const answered = rawClient(port, 'GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await Promise.all([once(silent.socket, 'connect'), once(answered.socket, 'connect')]);
  // Served after those two were accepted.
  await ask(port, '/healthz');
  // At once: sooner than another server's own timeout cuts a silent client.
  const other = await pageServer();
  const timedOut = rawClient(other.port, '').gone.then(() => 'cut by its timeout');
  const closed = server.close().then(() => Promise.all([kept.gone, silent.gone, answered.gone]));
  t.equal(await Promise.race([closed.then(() => 'closed'), timedOut]), 'closed');
  await other.server.close();
  await t.rejects(ask(port, '/healthz'), { code: 'ECONNREFUSED' });
  await server.close();
  t.pass('closing twice is no error');
  const open = () => process.getActiveResourcesInfo().some((name) => name.startsWith('TCP'));
  await until(() => !open(), 'no socket and no listener is left');
});

t.test('closing one that never started', async (t) => {
  const { createPageServer } = await import('../../src/control/page-server.ts');
  const server = createPageServer(
    { host: '127.0.0.1', port: 0, allow: [], page: false },
    {
      metrics: { contentType: 'text/plain', text: async () => '' },
      snapshot: () => [],
      ready: () => ({ ready: true, reason: '' }),
      names: [],
      status: () => ({}),
      page: undefined,
      clock: { now: () => 0, wall: () => 0, after: () => ({ cancel() {} }), every: () => ({ cancel() {} }) },
      observer: {},
    },
  );
  await server.close();
  t.pass('closed');
});
