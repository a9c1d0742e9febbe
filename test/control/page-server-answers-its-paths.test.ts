import t from 'tap';
import { ask, pageServer } from '../fixtures/page-server.ts';
import { backendSnapshot, serviceSnapshot } from '../fixtures/service-snapshot.ts';

t.test('metrics and health', async (t) => {
  const { server, port, bound } = await pageServer();
  t.equal(bound, `127.0.0.1:${port}`);
  t.match(await ask(port, '/metrics'), {
    status: 200,
    text: 'up 1\n',
    headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'content-length': '5' },
  });
  t.match(await ask(port, '/metrics?x=1'), { status: 200 });
  t.match(await ask(port, '/healthz'), { status: 200, text: 'ok\n', headers: { 'cache-control': 'no-store' } });
  await server.close();
});

t.test('ready only while the load balancer is, with the reason in words', async (t) => {
  let state = { ready: false, reason: 'https is not bound yet' };
  const { server, port } = await pageServer({ ready: () => state });
  t.match(await ask(port, '/readyz'), { status: 503, text: 'not ready: https is not bound yet\n' });
  t.match(await ask(port, '/readyz?services'), { status: 503, text: 'not ready: https is not bound yet\n' });
  t.match(await ask(port, '/healthz'), { status: 200 }, 'the process runs all the same');
  state = { ready: true, reason: '' };
  t.match(await ask(port, '/readyz'), { status: 200, text: 'ready\n' });
  await server.close();
});

t.test('?services asks for an available backend in each and names those without', async (t) => {
  const down = backendSnapshot({ health: 'down' });
  const drained = backendSnapshot({ admin: 'drain' });
  const unresolved = backendSnapshot({ address: undefined });
  let services = [
    serviceSnapshot({ service: 'one', backends: [down, backendSnapshot()] }),
    serviceSnapshot({ service: 'down', backends: [down], failingOpen: true }),
    serviceSnapshot({ service: 'drained', backends: [drained, unresolved] }),
    serviceSnapshot({ service: 'none', backends: [] }),
  ];
  const { server, port } = await pageServer({ snapshot: () => services });
  t.match(await ask(port, '/readyz?services'), { status: 503, text: 'no available backend: down, drained, none\n' });
  t.match(await ask(port, '/readyz'), { status: 200 }, 'which the plain question does not look at');
  // What is no longer in the file, and only lets its sessions finish, is neither asked for nor of use.
  services = [...services.slice(0, 1), serviceSnapshot({ service: 'gone', leaving: true, backends: [down] })];
  t.match(await ask(port, '/readyz?services=1'), { status: 200 });
  services = [serviceSnapshot({ service: 'left', backends: [down, backendSnapshot({ leaving: true })] })];
  t.match(await ask(port, '/readyz?services'), { status: 503, text: 'no available backend: left\n' });
  await server.close();
});

t.test('anything else names what there is', async (t) => {
  const { server, port } = await pageServer();
  for (const path of [
    '/',
    '/events',
    '/history.json',
    '/page.js',
    '/metricsx',
    '/metrics/',
    '/v1/nodes/a',
    '//metrics',
    `http://127.0.0.1:${port}/metrics`,
  ]) {
    const { status, text } = await ask(port, path);
    t.equal(status, 404, `${path}: without a page`);
    t.match(text, /\/metrics.*\/healthz.*\/readyz.*\/status\.json\n$/);
  }
  await server.close();
});

t.test('the status, as the operator commands show it', async (t) => {
  const { server, port } = await pageServer({ status: () => ({ services: [{ service: 'https' }] }) });
  const { headers, text } = await ask(port, '/status.json');
  t.equal(headers['content-type'], 'application/json');
  t.same(JSON.parse(text), { services: [{ service: 'https' }] });
  await server.close();
});

t.test('only GET and HEAD', async (t) => {
  const { server, port } = await pageServer();
  const head = await ask(port, '/healthz', { method: 'HEAD' });
  t.match(head, { status: 200, text: '', headers: { 'content-length': '3' } });
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    t.match(await ask(port, '/healthz', { method }), { status: 405, headers: { allow: 'GET, HEAD' } }, method);
  }
  await server.close();
});
