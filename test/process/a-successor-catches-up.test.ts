// What the process before was told while its successor started: an operator's word and a reload. The test is that process.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { StatusAnswer } from '../../src/control/admin-status.ts';
import { StateFile } from '../../src/control/state-file.ts';
import { PREDECESSOR, READY, SOCKETS, YOURS } from '../../src/control/upgrade.ts';
import { said } from '../fixtures/operated-program.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';
import { until } from '../fixtures/until.ts';

const ROOT = join(import.meta.dirname, '..', '..');

t.test('an operator who spoke, and a file that was read again, while the new process started', async (t) => {
  const folder = temporaryFolder(t);
  const [file, socket, state] = ['c.yaml', 'a.sock', 's.json'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const port = 20_000 + (process.pid % 9000);
  const write = (services: string): void =>
    writeFileSync(
      file,
      `version: 1
nodes: { a: 127.0.31.1, b: 127.0.31.2 }
defaults: { health: false }
services: { web: { listen: "127.0.0.1:${port}", port: 9 }${services} }
http: false
admin: { socket: ${socket}, state: ${state}, mode: "0600" }
`,
    );
  write('');
  const command = ['--import=tsx', join(ROOT, 'src', 'main.ts')];
  const env = { ...process.env, NODE_OPTIONS: '', [PREDECESSOR]: String(process.pid), [SOCKETS]: '{}' };
  const program = spawn(process.execPath, [...command, 'run', '-c', file], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const ended = once(program, 'exit');
  // A stop would wait for the process before, which is this test.
  t.teardown(async () => {
    program.kill('SIGKILL');
    await ended;
  });
  let log = '';
  program.stdout?.on('data', (text) => {
    log += text;
  });
  const [message] = await once(program, 'message');
  t.match(message, { word: READY, pid: program.pid });

  const word = { node: 'a', service: undefined, since: Date.now() };
  const drain = { ...word, value: 'drain', file: 'ready' } as const;
  t.equal(await new StateFile(state).save({ states: [drain], weights: [{ ...word, value: 7, file: 1 }] }), undefined);
  write(`, more: { listen: "127.0.0.1:${port + 1}", port: 9 }`);
  program.send(YOURS);
  await until(() => log.includes('the configuration was reloaded'), 'that it has read the file again');
  const asked = await said(process.execPath, [...command, 'status', '--json', '--socket', socket]);
  t.equal(asked.err, '');
  const { services } = JSON.parse(asked.out) as StatusAnswer;
  for (const name of ['web', 'more']) {
    const a = services.find(({ service }) => service === name)?.backends.find(({ node }) => node === 'a');
    t.match(a, { admin: { state: 'drain', origin: 'operator' }, weight: { value: 7 } }, name);
  }
});
