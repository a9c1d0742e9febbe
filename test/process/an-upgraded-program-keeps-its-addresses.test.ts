// Upgrades of the program as a whole, one after the other: what the file has is listened on by each, with the path of a
// Unix socket; what it has no more, by none; and a reload of the last takes an address away and brings it back.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { freePorts } from '../fixtures/real-haproxy.ts';
import { type RunningProgram, runFromSource } from '../fixtures/run-from-source.ts';
import { echo, readAll, startServer } from '../fixtures/tcp.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';
import { until } from '../fixtures/until.ts';

t.setTimeout(300_000);

type Target = { readonly host: string; readonly port: number } | { readonly path: string };

/** Says a word and tells what comes back; `(code)`: how it failed. */
async function talk(target: Target): Promise<string> {
  const socket = connect({ ...target, allowHalfOpen: true });
  // Where the kernel accepts and nobody else does.
  socket.setTimeout(10_000, () => socket.destroy(new Error('nobody answers')));
  const heard = readAll(socket);
  socket.end('word');
  const { bytes, how } = await heard;
  socket.destroy();
  return how === 'fin' ? bytes.toString() : `(${how})`;
}

/** The processes that were handed over to, in order. */
function successors(program: RunningProgram): number[] {
  return [...program.said().matchAll(/"pid":(\d+),"msg":"handing over to a new process"/g)].map(([, pid]) =>
    Number(pid),
  );
}

/** Has the process hand over; the id of the next one, when this one has ended. */
async function upgrade(program: RunningProgram, pid: number): Promise<number> {
  const before = successors(program).length;
  process.kill(pid, 'SIGUSR2');
  await until(() => successors(program).length > before, 'a new process');
  await until(() => !runs(pid), 'the end of the old one');
  return successors(program)[before] as number;
}

function runs(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

t.test('upgrades and reloads in turn', async (t) => {
  const { port: node } = await startServer(t, echo);
  const [one = 0, two = 0] = await freePorts(2);
  const folder = temporaryFolder(t);
  const file = join(folder, 'c.yaml');
  const path = join(folder, 'web.sock');
  const configure = (...listen: readonly string[]) =>
    writeFileSync(
      file,
      `version: 1
nodes: { a: 127.0.0.1 }
defaults: { health: false }
services: { web: { listen: ${JSON.stringify(listen)}, port: ${node} } }
log: { format: json }
admin: false
http: false
`,
    );
  const [unix, first, second] = [`unix:${path}`, `127.0.0.1:${one}`, `127.0.0.1:${two}`];
  const answers = async () => [
    await talk({ path }),
    await talk({ host: '127.0.0.1', port: one }),
    await talk({ host: '127.0.0.1', port: two }),
  ];
  configure(unix, first, second);
  const program = await runFromSource(t, file);
  let pid = program.child.pid ?? 0;
  const reload = async () => {
    const reloads = () => program.said().match(/the configuration was (not )?reloaded/g) ?? [];
    const before = reloads().length;
    process.kill(pid, 'SIGHUP');
    await until(() => reloads().length > before, 'the outcome of a reload');
    return reloads()[before];
  };
  try {
    t.same(await answers(), ['word', 'word', 'word']);
    pid = await upgrade(program, pid);
    t.same(await answers(), ['word', 'word', 'word'], 'of the successor');
    configure(unix, first);
    pid = await upgrade(program, pid);
    t.same(await answers(), ['word', 'word', '(ECONNREFUSED)'], 'of its successor, which has another file');
    for (let times = 0; times < 2; times++) {
      configure(unix, second);
      t.equal(await reload(), 'the configuration was reloaded');
      t.same(await answers(), ['word', '(ECONNREFUSED)', 'word']);
      configure(unix, first);
      t.equal(await reload(), 'the configuration was reloaded');
      t.same(await answers(), ['word', 'word', '(ECONNREFUSED)']);
    }
    process.kill(pid, 'SIGTERM');
    await until(() => !runs(pid), 'its end');
    t.notOk(existsSync(path), 'the last one takes the path with it');
  } finally {
    // The program counts as ended only when all that write to its log have.
    for (const one of successors(program)) if (runs(one)) process.kill(one, 'SIGKILL');
  }
});
