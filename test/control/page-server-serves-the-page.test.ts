import t from 'tap';
import { ask, messagesOf, pageServer, pageWithHistory, rawClient } from '../fixtures/page-server.ts';
import { backendSnapshot, serviceSnapshot } from '../fixtures/service-snapshot.ts';
import { sessionRecord } from '../fixtures/session-record.ts';
import { until } from '../fixtures/until.ts';

const BUILT = { 'index.html': '<title>x</title>', 'page.js': '1', 'page.css': 'a{}', 'icon.svg': '<svg/>' };
const EVENTS = 'GET /events HTTP/1.1\r\nhost: localhost\r\n\r\n';

t.test('four files, with headers that let nothing else in', async (t) => {
  const { server, port } = await pageWithHistory(() => [], t.testdir(BUILT));
  for (const [path, type, text] of [
    ['/', 'text/html; charset=utf-8', '<title>x</title>'],
    ['/page.js', 'text/javascript; charset=utf-8', '1'],
    ['/page.css', 'text/css; charset=utf-8', 'a{}'],
    ['/icon.svg', 'image/svg+xml', '<svg/>'],
  ] as const) {
    const answer = await ask(port, path);
    t.match(answer, { status: 200, text, headers: { 'content-type': type } }, path);
    const policy = String(answer.headers['content-security-policy']);
    t.match(
      policy,
      /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;/,
    );
    t.match(policy, "frame-ancestors 'none'");
    t.notMatch(policy, /unsafe|\*|https?:/);
    t.match(answer.headers, { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
  }
  t.match(await ask(port, '/', { method: 'HEAD' }), { status: 200, text: '' });
  for (const path of [
    '/index.html',
    '/../package.json',
    '/page.js/..',
    '/%2e%2e/package.json',
    '/page.js%00',
    '/nodes/a',
  ]) {
    t.match(await ask(port, path), { status: 404 }, `${path}: a closed list, no path reaches the disk`);
  }
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
    for (const path of ['/', '/events', '/history.json', '/status.json']) {
      t.match(await ask(port, path, { method }), { status: 405 }, `${method} ${path}`);
    }
  }
  t.match(await ask(port, '/healthz'), { headers: { 'referrer-policy': 'no-referrer' } }, 'on every answer');
  await server.close();
});

t.test('a page that was not built says so', async (t) => {
  const { server, port } = await pageWithHistory(() => [], t.testdir({}));
  t.match(await ask(port, '/'), { status: 404, text: /not built: "npm run build"/ });
  t.match(await ask(port, '/metrics'), { status: 200 });
  await server.close();
});

t.test('an event stream: a message at once, one more with each sample, and the past beside it', async (t) => {
  let down = false;
  const snapshot = () => [
    serviceSnapshot({
      backends: [
        backendSnapshot({ active: 3, health: down ? 'down' : 'up', reason: down ? 'refused' : '', note: 'a note' }),
        backendSnapshot({ node: 'proxy02', findings: ['certificate expired'] }),
      ],
    }),
    serviceSnapshot({ service: 'puppet-ca', pinned: { node: 'proxy01', up: true } }),
  ];
  const { server, port, clock, history } = await pageWithHistory(snapshot, t.testdir(BUILT));
  const client = rawClient(port, EVENTS);
  await until(() => messagesOf(client).length === 1, 'the first message');
  t.match(client.received(), /content-type: text\/event-stream\r\n/i);
  down = true;
  history.sessionEnded(sessionRecord({ end: 'backend-reset', endedBy: 'backend' }));
  history.sessionEnded(sessionRecord({ node: undefined, end: 'no-backend', client: '' }));
  await clock.advance(3000);
  await until(() => messagesOf(client).length === 2, 'the second message');
  const [first, second] = messagesOf(client);
  t.match(first, { name: 'lb.example.net', version: '1.2.3', startedAt: 77, tick: 1, sampleMs: 3000, notReady: '' });
  t.match(first?.services[0]?.backends[0], { node: 'proxy01', health: 'up', note: 'a note', point: [3, 0, 0, 0] });
  t.match(first?.services[0]?.backends[1], { findings: ['certificate expired'] });
  t.match(first?.services[1], { service: 'puppet-ca', pinned: 'proxy01' });
  t.equal(second?.tick, 2);
  t.match(second?.services[0]?.backends[0], { health: 'down', reason: 'refused' });
  t.match(second?.ends, [
    { number: 2, node: '', client: '', end: 'no-backend' },
    { number: 1, node: 'proxy01', client: '192.0.2.50:51234', end: 'backend-reset', endedBy: 'backend' },
  ]);
  const past = JSON.parse((await ask(port, '/history.json')).text);
  t.match(past, { startedAt: 77, tick: 2 });
  t.same(Object.keys(past.services), ['https', 'puppet-ca']);
  t.equal(past.services.https.length, 2);
  const node = JSON.parse((await ask(port, '/history.json?node=proxy02')).text);
  t.same(Object.keys(node.services), ['https'], 'only the services that have this node');
  t.same(JSON.parse((await ask(port, '/history.json?node=__proto__')).text).services, {});
  await server.close();
  await client.gone;
});

t.test('whole addresses of clients only where the file says who may ask', async (t) => {
  const shown = async (config: { allow?: string[]; host?: string | undefined }): Promise<string | undefined> => {
    const { server, port, history } = await pageWithHistory(() => [], t.testdir(BUILT), config);
    history.sessionEnded(sessionRecord());
    history.sessionEnded(sessionRecord({ client: '[2001:db8:1:2:3::4]:5' }));
    const client = rawClient(port, EVENTS);
    await until(() => messagesOf(client).length === 1, 'a message');
    client.socket.destroy();
    await server.close();
    return messagesOf(client)[0]
      ?.ends.map((end) => end.client)
      .join(' ');
  };
  t.equal(await shown({ host: '127.0.0.1' }), '[2001:db8:1:2:3::4]:5 192.0.2.50:51234', 'only this machine may ask');
  t.equal(await shown({ host: '0.0.0.0', allow: ['127.0.0.0/8'] }), '[2001:db8:1:2:3::4]:5 192.0.2.50:51234');
  t.equal(await shown({ host: '0.0.0.0' }), '2001:db8:1:2::/64 192.0.2.0/24', 'anybody may ask');
  t.equal(await shown({ host: undefined }), '2001:db8:1:2::/64 192.0.2.0/24');
});

t.test('the page of somebody else holds none of the places', async (t) => {
  const { server, port } = await pageWithHistory(() => [], t.testdir(BUILT));
  for (const site of ['cross-site', 'same-site']) {
    const { status } = await ask(port, '/events', { headers: { host: 'localhost', 'sec-fetch-site': site } });
    t.equal(status, 403, site);
  }
  t.match(await ask(port, '/events', { headers: { host: 'evil.example' } }), { status: 421 });
  t.match(await ask(port, '/events', { method: 'HEAD' }), { status: 200, text: '' });
  await server.close();
});

t.test('page: false', async (t) => {
  const { server, port } = await pageServer();
  t.match(await ask(port, '/'), { status: 404 });
  t.match(await ask(port, '/status.json'), { status: 200 });
  await server.close();
});
