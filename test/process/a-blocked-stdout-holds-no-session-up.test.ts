// The whole program with a stdout that is a pipe which nobody ever reads.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { ask } from '../fixtures/page-server.ts';
import { closedPort, echo, readAll, startServer } from '../fixtures/tcp.ts';
import { until } from '../fixtures/until.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

t.test('a stdout that nobody reads: sessions go on, lines are dropped and counted', { timeout: 60_000 }, async (t) => {
  const backend = await startServer(t, echo);
  const [listen, http] = [await closedPort(), await closedPort()];
  const folder = t.testdir();
  const [pipe, file] = [join(folder, 'pipe'), join(folder, 'file.yaml')];
  execFileSync('mkfifo', [pipe]);
  writeFileSync(
    file,
    `version: 1
nodes: { a: 127.0.0.1 }
services: { test: { listen: "127.0.0.1:${listen}", port: ${backend.port}, health: false } }
http: { listen: "127.0.0.1:${http}", page: false }
admin: false
log: { format: json, level: trace, session_start: true }
`,
  );
  // Open for both, so that it has a reader that never reads.
  const stdout = openSync(pipe, 'r+');
  const child = spawn(process.execPath, ['--import=tsx', 'src/main.ts', 'run', '-c', file], {
    cwd: ROOT,
    stdio: ['ignore', stdout, 'pipe'],
  });
  let errors = '';
  child.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  const closed = once(child, 'close');
  t.teardown(() => child.kill('SIGKILL'));
  const metric = async (name: string): Promise<number> => {
    const { text } = await ask(http, '/metrics');
    return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1]);
  };
  let ready = false;
  await until(() => {
    void ask(http, '/readyz').then(
      ({ status }) => {
        ready ||= status === 200;
      },
      () => {},
    );
    return ready || child.exitCode !== null;
  }, 'it is ready');
  t.equal(child.exitCode, null, errors);
  const echoed = async (text: string): Promise<string> => {
    const client = connect({ host: '127.0.0.1', port: listen, allowHalfOpen: true });
    client.end(text);
    const { bytes } = await readAll(client);
    client.destroy();
    return bytes.toString();
  };
  let served = 0;
  // 8 MB of lines and what a pipe holds are some 14,000 sessions of two lines each.
  const sessions = async (): Promise<void> => {
    while ((await metric('chargehand_log_lines_dropped_total')) === 0) {
      for (let i = 0; i < 250; i++) {
        if ((await echoed('hello')) === 'hello') served++;
      }
    }
  };
  const before = await metric('process_resident_memory_bytes');
  await Promise.all(Array.from({ length: 8 }, sessions));
  t.equal(await echoed('after'), 'after', 'the relay goes on');
  t.ok(served > 5000, `${served} sessions were served meanwhile`);
  const grown = (await metric('process_resident_memory_bytes')) - before;
  t.ok(grown < 250e6, `it grew by ${Math.round(grown / 1e6)} MB`);
  child.kill('SIGTERM');
  await closed;
  t.equal(child.exitCode, 0, `it ends in order: ${errors}`);
  closeSync(stdout);
});
