import { once } from 'node:events';
import t from 'tap';
import { ask, pageServer, rawClient } from '../fixtures/page-server.ts';
import { until } from '../fixtures/until.ts';

t.test('64 connections; one more is closed, and a place that is given back is used', async (t) => {
  const { server, port } = await pageServer();
  const request = 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n';
  const held = Array.from({ length: 64 }, () => rawClient(port, request));
  await Promise.all(held.map(({ socket }) => once(socket, 'data')));
  const extra = rawClient(port, request);
  await extra.gone;
  t.equal(extra.received(), '', 'the 65th gets no answer');
  held[0]?.socket.destroy();
  await held[0]?.gone;
  // The server may notice a moment later.
  let answered = false;
  for (let i = 0; i < 200 && !answered; i++)
    answered = await ask(port, '/healthz').then(
      () => true,
      () => false,
    );
  t.ok(answered, 'a place is free again');
  await server.close();
  await Promise.all(held.map(({ gone }) => gone));
});

t.test('8 kB of headers', async (t) => {
  const { server, port } = await pageServer();
  const padded = (bytes: number) => ask(port, '/healthz', { headers: { host: 'localhost', x: 'x'.repeat(bytes) } });
  t.equal((await padded(7 * 1024)).status, 200);
  t.equal((await padded(8 * 1024)).status, 431);
  await server.close();
});

t.test('who is slow with headers, body or reading is cut', { timeout: 50_000 }, async (t) => {
  const big = 'x'.repeat(64 * 1024 * 1024);
  const { server, port } = await pageServer({ metrics: { contentType: 'text/plain', text: async () => big } });
  const silent = rawClient(port, '');
  const slow = rawClient(port, 'GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: ');
  const body = rawClient(port, 'GET /healthz HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\nx');
  const deaf = rawClient(port, 'GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n');
  deaf.socket.pause();
  const idle = rawClient(port, 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n');
  // One that goes on sending a little is over the time as well.
  const drip = rawClient(port, 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n');
  const dripping = setInterval(() => drip.socket.write('x: y\r\n'), 500);
  await Promise.all([silent.gone, slow.gone, body.gone, idle.gone, drip.gone]);
  clearInterval(dripping);
  t.match(drip.received(), /^HTTP\/1\.1 408 /);
  t.match(idle.received(), /^HTTP\/1\.1 200 /, 'a kept connection that asks nothing more is closed after a while');
  // It would notice only when it reads, so it is asked of the process: one socket is left, and that is the client's.
  const sockets = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
  await until(() => sockets() === 1, 'the one that does not read its answer is cut');
  deaf.socket.destroy();
  await server.close();
});
