// The lines of a balancer that runs: what sessions and a node that dies make of them.

import t from 'tap';
import { backendSpec, Events, startBalancer } from '../fixtures/balancer.ts';
import { healthConfig } from '../fixtures/health-config.ts';
import { logFile } from '../fixtures/log-file.ts';
import { closedPort, echo, readAll, readBytes, startClient, startServer } from '../fixtures/tcp.ts';

t.test('a session has a line at its start, where asked for, and one at its end, with the same id', async (t) => {
  const backend = await startServer(t, echo);
  const { log, objects } = logFile(t.testdir(), { sessionStart: true });
  const events = new Events();
  const { port } = await startBalancer(t, [{ backends: [backendSpec('a', backend.port)] }], {
    observers: [events, log],
  });
  for (let i = 0; i < 3; i++) {
    const client = await startClient(t, port());
    client.end('hello');
    await readAll(client);
    await events.until(() => events.records.length > i);
  }
  const lines = await objects();
  const ids = (msg: string): unknown[] => lines.filter((line) => line['msg'] === msg).map((line) => line['session']);
  t.equal(ids('session').length, 3);
  t.same(ids('session started'), ids('session'));
  t.equal(new Set(ids('session')).size, 3);
});

t.test('even at trace, nothing is written for what passes through the relay', async (t) => {
  const backend = await startServer(t, echo);
  const lengths: number[] = [];
  for (const chunks of [1, 500]) {
    const { log, lines } = logFile(t.testdir(), { level: 'trace', sessionStart: true });
    const events = new Events();
    const { port } = await startBalancer(t, [{ backends: [backendSpec('a', backend.port)] }], {
      observers: [events, log],
    });
    const client = await startClient(t, port());
    client.setMaxListeners(0);
    for (let i = 0; i < chunks; i++) {
      client.write('one chunk');
      await readBytes(client, 9);
    }
    client.end();
    await events.until(() => events.records.length > 0);
    lengths.push((await lines()).length);
  }
  t.equal(lengths[1], lengths[0], 'as many lines for 500 chunks as for one');
});

t.test('a backend that goes down: one line with the reason, however many probes fail', async (t) => {
  const port = await closedPort();
  const { log, objects } = logFile(t.testdir());
  const events = new Events();
  const health = healthConfig({ intervalMs: 20, fastIntervalMs: 20, rise: 1, fall: 2 });
  await startBalancer(t, [{ backends: [backendSpec('a', port)], health }], { observers: [events, log] });
  await events.until(() => events.failedProbes.length >= 20);
  const lines = await objects();
  const down = lines.filter((line) => line['msg'] === 'backend down');
  t.equal(down.length, 1, 'one line, however many probes failed');
  t.match(down[0], { level: 'warn', node: 'a', reason: new RegExp(`127\\.0\\.0\\.1:${port}.*refused`) });
  t.equal(lines.filter((line) => /^failing open/.test(String(line['msg']))).length, 1);
});

t.test('what an operator sets: one line for each service, and none where nothing changed', async (t) => {
  const backend = await startServer(t, echo);
  const { log, objects } = logFile(t.testdir());
  const { balancer } = await startBalancer(t, [{ backends: [backendSpec('a', backend.port)] }], { observers: [log] });
  for (const state of ['drain', 'drain', 'ready'] as const) {
    for (const service of balancer.services) service.setAdmin('a', state);
  }
  t.match(await objects(), [
    { msg: 'admin state changed', service: 'test', node: 'a', state: 'drain', reason: 'set by an operator' },
    { msg: 'admin state changed', service: 'test', node: 'a', state: 'ready', reason: 'set by an operator' },
  ]);
});
