import t from 'tap';
import { csvLine, typedLines } from '../../src/control/haproxy/formats.ts';
import { backendSpec } from '../fixtures/balancer.ts';
import { askSocket, csvRow, csvRows, haproxyFace } from '../fixtures/haproxy-face.ts';
import { healthConfig } from '../fixtures/health-config.ts';
import { closedPort, echo, readBytes, startClient, startServer } from '../fixtures/tcp.ts';

t.test('a disabled server gets no new session, and the running one stays', async (t) => {
  const node = await startServer(t, echo);
  const backends = [backendSpec('a', node.port), backendSpec('b', node.port)];
  const { ask, port } = await haproxyFace(t, [{ name: 'web', backends }]);
  const session = async () => {
    const client = await startClient(t, port());
    client.write('x');
    await readBytes(client, 1);
    return client;
  };
  const first = await session();
  t.equal(csvRow(await ask('show stat'), 'web', 'a')['scur'], '1');
  t.equal(await ask('disable server web/a'), '\n');
  for (let i = 0; i < 4; i++) await session();
  const csv = await ask('show stat');
  t.match(csvRow(csv, 'web', 'a'), { status: 'MAINT', scur: '1', stot: '1', smax: '1' });
  t.match(csvRow(csv, 'web', 'b'), { status: 'no check', scur: '4', stot: '4', smax: '4' });
  t.match(csvRow(csv, 'web', 'BACKEND'), { scur: '5', smax: '5', act: '1', status: 'UP' });
  first.write('y');
  t.equal((await readBytes(first, 1)).toString(), 'y', 'it goes on');
  await ask('set server web/b state drain');
  t.match(csvRow(await ask('show stat'), 'web', 'BACKEND'), { act: '0', status: 'DOWN', weight: '0' });
  const closed = new Promise((resolve) => first.once('close', resolve));
  first.resume().on('end', () => first.end());
  await ask('shutdown sessions server web/a');
  await closed;
});

t.test('weights: a number, a share of the one in the file, and 0, which drains until the next', async (t) => {
  const { ask, operator } = await haproxyFace(t, [{ name: 'web', backends: [backendSpec('a', 1, { weight: 20 })] }]);
  const weight = async (wish: string) => {
    const said = await ask(`set weight web/a ${wish}; get weight web/a`);
    return said.trim().replaceAll(/\n+/g, ' | ');
  };
  const admin = () => operator.status().services[0]?.backends[0]?.admin.state;
  t.equal(await weight('50%'), '10 (initial 20)');
  t.equal(await weight('1%'), '1 (initial 20)', 'a share is never none');
  t.equal(await weight('256'), '256 (initial 20)');
  t.equal(await weight('0'), '0 (initial 20)');
  t.equal(admin(), 'drain');
  t.match(csvRow(await ask('show stat'), 'web', 'a'), { status: 'DRAIN', weight: '0', uweight: '0' });
  t.equal(await weight('100%'), '20 (initial 20)');
  t.equal(admin(), 'ready');
  await ask('set server web/a state drain');
  t.equal(await weight('7'), '7 (initial 20)');
  t.equal(admin(), 'drain', 'what was drained by its state stays so');
  for (const wrong of ['1001', '-1', '', 'x', '5x', '0x10', '1e3']) {
    t.match(await weight(wrong), /weight.* \| 7 \(initial 20\)/i, `${wrong}: refused, and nothing has changed`);
  }
});

t.test('weight 0 stays through maintenance and drains until a weight is set', async (t) => {
  const { ask, operator } = await haproxyFace(t, [{ name: 'web', backends: [backendSpec('a', 1, { weight: 20 })] }]);
  const admin = () => operator.status().services[0]?.backends[0]?.admin.state;
  const after = async (commands: string) => {
    const said = await ask(`${commands}; get weight web/a`);
    return `${admin()}: ${said.trim()}`;
  };
  t.equal(await after('disable server web/a; set weight web/a 0'), 'maint: 0 (initial 20)');
  t.equal(await after('enable server web/a'), 'drain: 0 (initial 20)', 'no new session yet');
  t.match(csvRow(await ask('show stat'), 'web', 'a'), { status: 'DRAIN', weight: '0' });
  t.equal(await after('set weight web/a 10%'), 'ready: 2 (initial 20)');
  t.equal(await after('set weight web/a 0; disable server web/a; enable server web/a'), 'drain: 0 (initial 20)');
  t.equal(
    await after('set server web/a state drain; set weight web/a 5'),
    'drain: 5 (initial 20)',
    'a drain of its own',
  );
  t.equal(await after('set weight web/a 0; set server web/a state ready'), 'drain: 0 (initial 20)');
  await operator.setNode('a', { state: 'ready', services: ['web'] });
  t.equal(await after('set server web/a state drain'), 'drain: 5 (initial 20)', 'ended in another way');
});

t.test('what is not there, or not asked rightly, is one line', async (t) => {
  const { ask } = await haproxyFace(t, [{ name: 'web', backends: [backendSpec('a', 1)] }]);
  for (const [line, answer] of [
    ['enable server nobody/a', 'No such backend.'],
    ['enable server web/nobody', 'No such server.'],
    ['enable server web', "Require 'backend/server'."],
    ['set server web/a state up', "'set server <srv> state' expects 'ready', 'drain' and 'maint'."],
    ['show stat nobody 4 -1', 'No such proxy.'],
    ['show servers state nobody', "Can't find backend."],
    ['shutdown session x', "No such session (use 'show sess')."],
    ['show sess x', 'Session not found.'],
  ] as const) {
    t.equal(await ask(line), `${answer}\n\n`, line);
  }
  t.match(await ask('set server web/a addr 192.0.2.1'), /^usage: set server .* state \| weight/);
  t.match(await ask('frobnicate \u001b[2J'), /^Unknown command: 'frobnicate \\x1b\[2J'\.\nThe following commands/);
});

t.test('a filter of show stat: proxy, types, server', async (t) => {
  const services = ['web', 'mail'].map((name) => ({
    name,
    backends: [backendSpec('a', 1), backendSpec('b', 2, { backup: true })],
  }));
  const { ask, face } = await haproxyFace(t, services);
  const names = async (filter: string) =>
    csvRows(await ask(`show stat ${filter}`)).map((row) => `${row['pxname']}/${row['svname']}`);
  t.equal((await names('')).length, 8);
  t.same(await names('3 -1 -1'), ['mail/FRONTEND', 'mail/a', 'mail/b', 'mail/BACKEND']);
  t.same(await names('mail 4 2'), ['mail/b']);
  t.same(await names('-1 3 -1'), ['web/FRONTEND', 'web/BACKEND', 'mail/FRONTEND', 'mail/BACKEND']);
  t.same(await names('99 -1 -1'), []);
  await ask('disable server web/a');
  t.same(await names('web 4 -1 no-maint'), ['web/b']);
  t.equal(face.csv()?.split('\n')[0], (await ask('show stat')).split('\n')[0], 'the same columns over HTTP');
});

t.test('what a node says in its answers can not break out of a field', async (t) => {
  const node = await startServer(t, (socket) => {
    socket.on('data', () => socket.end('HTTP/1.1 500 a,"b"\u001b[31m,\tc\r\ncontent-length: 0\r\n\r\n'));
  });
  const health = healthConfig({ type: 'http', name: 'http' });
  const { ask, events } = await haproxyFace(t, [{ name: 'web', health, backends: [backendSpec('a', node.port)] }]);
  await events.until(() => events.flips.length > 0);
  const csv = await ask('show stat');
  const row = csvRow(csv, 'web', 'a');
  t.match(row, { pxname: 'web', check_status: /^L7/, mode: 'tcp', status: 'DOWN' });
  t.match(row['last_chk'], /GET \//);
  t.notMatch(csv + (await ask('show stat typed')) + (await ask('show stat json')), /(?!\n)\p{C}/u);
  const hostile = {
    kind: 'S',
    iid: 2,
    sid: 1,
    values: { pxname: 'a,"b"\n\u001b[2J', svname: '\u202e', scur: 1 },
  } as const;
  t.ok(csvLine(hostile).startsWith('"a,""b""\\n\\x1b[2J",\\u{202e},,,1,'), csvLine(hostile));
  t.equal(csvLine(hostile).split('\n').length, 2, 'one line');
  t.match(typedLines(hostile).split('\n'), [
    'S.2.1.0.pxname.1:KNS:str:a,"b"\\n\\x1b[2J',
    'S.2.1.1.svname.1:KNS:str:\\u{202e}',
    'S.2.1.4.scur.1:MGP:u32:1',
    '',
  ]);
  const objects = JSON.parse(await ask('show stat json')) as unknown[];
  t.equal(objects.length, 3);
});

t.test('downs, failed checks, retries and errors are counted where HAProxy counts them', async (t) => {
  const node = await startServer(t, echo);
  const backends = [backendSpec('a', await closedPort()), backendSpec('b', node.port)];
  const { ask, port, events } = await haproxyFace(t, [{ name: 'web', backends, passive: false }]);
  const client = await startClient(t, port());
  client.write('x');
  await readBytes(client, 1);
  client.resetAndDestroy();
  await events.record();
  const csv = await ask('show stat');
  t.match(csvRow(csv, 'web', 'a'), { wredis: '1', wretr: '0', econ: '0', connect: '1', lbtot: '1' });
  t.match(csvRow(csv, 'web', 'b'), { wredis: '0', cli_abrt: '1', srv_abrt: '0', bin: '1', bout: '1' });
  t.match(csvRow(csv, 'web', 'BACKEND'), {
    wredis: '1',
    cli_abrt: '1',
    stot: '1',
    connect: '2',
    lbtot: '2',
    scur: '0',
  });
  t.match(await askSocket((await haproxyFace(t, [{ backends }])).path, 'show sess\n'), /^\n$/, 'no sessions');
});
