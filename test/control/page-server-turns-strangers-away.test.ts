import t from 'tap';
import { manualClock } from '../fixtures/manual-clock.ts';
import { ask, pageServer, rawClient } from '../fixtures/page-server.ts';

t.test('a name that is not ours: DNS rebinding', async (t) => {
  const { server, port } = await pageServer();
  for (const host of ['evil.example', `evil.example:${port}`, 'localhost.evil.example']) {
    const { status, text } = await ask(port, '/metrics', { headers: { host } });
    t.equal(status, 421, host);
    t.match(text, /localhost, lb\.example\.net\n$/, 'says what would do');
  }
  for (const host of [`127.0.0.1:${port}`, 'localhost', '192.0.2.7', '[2001:db8::1]:80', 'LB.example.net']) {
    t.equal((await ask(port, '/metrics', { headers: { host } })).status, 200, host);
  }
  await server.close();
});

t.test('HTTP/1.1 without a Host header is refused, HTTP/1.0 needs none', async (t) => {
  const { server, port } = await pageServer();
  const without = rawClient(port, 'GET /healthz HTTP/1.1\r\n\r\n');
  await without.gone;
  t.match(without.received(), /^HTTP\/1\.1 400 /);
  const old = rawClient(port, 'GET /healthz HTTP/1.0\r\n\r\n');
  await old.gone;
  t.match(old.received(), /^HTTP\/1\.1 200 .*\r\n\r\nok\n$/s);
  await server.close();
});

t.test('who is not in allow is reset before it can hold a place, and one line a minute says so', async (t) => {
  const clock = manualClock();
  const { server, port, notices } = await pageServer({ clock }, { allow: ['127.0.0.1', '192.0.2.0/24'] });
  t.equal((await ask(port, '/healthz')).status, 200);
  const stranger = () => ask(port, '/healthz', { localAddress: '127.0.0.2' });
  // More than there are places.
  for (let i = 0; i < 80; i++) await t.rejects(stranger(), { code: 'ECONNRESET' });
  t.equal((await ask(port, '/healthz')).status, 200);
  const line = 'warn: http port: 127.0.0.2 is not in http.allow, its connection was reset';
  t.same(notices, [line]);
  await clock.advance(60_000);
  await t.rejects(stranger());
  t.same(notices, [line, line]);
  await server.close();
});
