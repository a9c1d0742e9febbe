// chargehand inside another program: started, watched, reloaded and stopped through its public face, and nothing else.

import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { ConfigError, createLoadBalancer, type HealthFlip, ListenError, type SessionRecord } from '../../src/index.ts';
import { openSockets } from '../fixtures/open-sockets.ts';
import { echo, readAll, startServer } from '../fixtures/tcp.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';
import { until } from '../fixtures/until.ts';

t.setTimeout(120_000);

const folder = temporaryFolder(t);
const path = (name: string) => join(folder, `${name}.sock`);

function config(port: number, name: string, services: object = {}): object {
  return {
    version: 1,
    nodes: { a: '127.0.0.1' },
    defaults: { timeouts: { drain: '5s' } },
    services: { [name]: { listen: `unix:${path(name)}`, port }, ...services },
  };
}

function call(name: string) {
  return connect({ path: path(name), allowHalfOpen: true }).on('error', () => {});
}

t.test('from a configuration to sessions, and to its end', async (t) => {
  const node = await startServer(t, echo);
  const records: SessionRecord[] = [];
  const balancer = await createLoadBalancer({ object: config(node.port, 'web') }, [
    { sessionEnded: (record) => records.push(record) },
  ]);
  t.throws(() => balancer.status(), { code: 'not-running' });
  await balancer.start();
  await t.rejects(balancer.start(), { code: 'started' });
  t.match(balancer.status(), [
    { service: 'web', listen: [`unix:${path('web')}`], backends: [{ node: 'a', health: 'up' }] },
  ]);
  const client = call('web');
  client.end('hello');
  t.equal((await readAll(client)).bytes.toString(), 'hello');
  await until(() => records.length === 1, 'its record');
  t.match(records[0], { service: 'web', node: 'a', end: 'completed', bytesIn: 5, bytesOut: 5 });
  t.equal(await balancer.stop(), 0);
  t.equal(await balancer.stop(), 0, 'once more does no harm');
  t.throws(() => balancer.status(), { code: 'not-running' });
});

t.test('reload: another configuration, the same sessions; a bad one changes nothing', async (t) => {
  const node = await startServer(t, echo);
  const balancer = await createLoadBalancer({ object: config(node.port, 'one') });
  await balancer.start();
  t.teardown(() => balancer.stop());
  const client = call('one');
  client.write('before ');
  await new Promise((resolve) => client.once('data', resolve));
  const more = config(node.port, 'one', { two: { listen: `unix:${path('two')}`, port: node.port } });
  t.equal(await balancer.reload({ object: more }), true);
  t.equal(await balancer.reload({ object: more }), false, 'the same again is nothing to do');
  t.same(
    balancer.status().map(({ service }) => service),
    ['one', 'two'],
  );
  await t.rejects(balancer.reload({ object: config(node.port, 'bad name!') }), ConfigError);
  const taken = config(node.port, 'one', { three: { listen: 'unix:/nowhere/x.sock', port: 1 } });
  await t.rejects(balancer.reload({ object: taken }), ListenError);
  t.equal(balancer.status().length, 2);
  const other = call('two');
  other.end('new');
  t.equal((await readAll(other)).bytes.toString(), 'new');
  client.end('after');
  t.equal((await readAll(client)).bytes.toString(), 'after', 'the session of before went on');
});

t.test('every problem at once, with its place', async (t) => {
  const object = { version: 1, nodes: { a: 'not an address' }, services: { web: { listn: 80 } } };
  const error: unknown = await createLoadBalancer({ object }).catch((e: unknown) => e);
  t.ok(error instanceof ConfigError);
  const problems = (error as ConfigError).problems;
  t.match(
    problems.map(({ path: at }) => at),
    ['nodes.a', 'services.web.listn'],
  );
  t.ok(problems.every(({ line }) => line > 1));
  await t.rejects(createLoadBalancer({ text: 'version: 2' }), ConfigError);
  await t.rejects(createLoadBalancer({ file: '/nowhere.yaml' }), { message: /there is no such file/ });
});

t.test('a file is read again; a second stop does not wait; nothing stays open', async (t) => {
  const node = await startServer(t, echo);
  const file = join(folder, 'c.yaml');
  const write = (more: object) => writeFileSync(file, JSON.stringify({ ...config(node.port, 'file'), ...more }));
  write({});
  const flips: HealthFlip[] = [];
  const balancer = await createLoadBalancer({ file }, [{ healthFlipped: (flip) => flips.push(flip) }]);
  await balancer.start();
  t.equal(await balancer.reload(), false);
  write({ max_sessions: 10 });
  t.equal(await balancer.reload(), true);
  t.equal(balancer.status()[0]?.limit, 7, 'three quarters of ten');
  const client = call('file');
  client.write('x');
  await new Promise((resolve) => client.once('data', resolve));
  const first = balancer.stop();
  const heard = readAll(client);
  t.equal(await balancer.stop(), 1, 'it was cut');
  t.equal(await first, 1);
  t.equal((await heard).how, 'fin');
  client.destroy();
  t.ok(await openSockets(1), 'only the node listens');
  t.same(flips, []);
});

t.test('a start that fails leaves nothing', async (t) => {
  const services = { web: { listen: 'unix:/nowhere/x.sock', port: 1 } };
  const balancer = await createLoadBalancer({ object: { version: 1, nodes: { a: '127.0.0.1' }, services } });
  await t.rejects(balancer.start(), ListenError);
  await t.rejects(balancer.reload(), { code: 'not-running' });
  t.equal(await balancer.stop(), 0);
});

t.test('the example of the documentation runs', async (t) => {
  const document = readFileSync(new URL('../../docs/library.md', import.meta.url), 'utf8');
  const [, example = ''] = /^```js\n([\s\S]*?)^```$/m.exec(document) ?? [];
  const source = example
    .replace("from 'chargehand'", `from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)}`)
    .replace('18080', String(20_000 + (process.pid % 5000)));
  t.match(source, /await balancer\.stop\(\)/);
  const program = join(folder, 'example.mjs');
  writeFileSync(program, source);
  const said: unknown[][] = [];
  const log = t.capture(console, 'log', (...words: unknown[]) => said.push(words));
  await import(program);
  t.ok(log().length >= 3);
  t.match(said[0], ['web', /^127\.0\.0\.1:\d+$/, 'a up, b up']);
  t.same(said.slice(-2), [
    ['changed:', true],
    ['cut:', 0],
  ]);
});
