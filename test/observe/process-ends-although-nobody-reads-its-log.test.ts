import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const PROGRAM = fileURLToPath(new URL('../fixtures/noisy-process.ts', import.meta.url));

function start(stdout: number) {
  const child = spawn(process.execPath, ['--import=tsx', PROGRAM], { stdio: ['ignore', stdout, 'pipe'] });
  const deadline = setTimeout(() => child.kill('SIGKILL'), 30_000);
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said += chunk;
  });
  return once(child, 'close').then(([code, signal]) => {
    clearTimeout(deadline);
    return { code, signal, said };
  });
}

t.test('a pipe that is never read stops neither the process nor its end', async (t) => {
  const path = join(t.testdir(), 'pipe');
  execFileSync('mkfifo', [path]);
  // Open for both, so that it has a reader that never reads. Blocking, as a service manager gives it.
  const pipe = openSync(path, 'r+');
  const { code, signal, said } = await start(pipe);
  closeSync(pipe);
  t.match(said, /alive, [1-9]\d* dropped/);
  t.equal(signal, null, 'it ended by itself');
  t.equal(code, 0);
});

t.test('a pipe whose reader is gone does not either', async (t) => {
  const path = join(t.testdir(), 'pipe');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, 'r+');
  const writer = openSync(path, 'w');
  closeSync(reader);
  const { code, signal, said } = await start(writer);
  closeSync(writer);
  t.match(said, /alive/);
  t.equal(signal, null, 'it ended by itself');
  t.equal(code, 0);
});
