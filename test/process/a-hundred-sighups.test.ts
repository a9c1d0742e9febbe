// A hundred reloads of the built program by SIGHUP, each with another file, while sessions run and new ones storm in: none
// is cut or turned away, and the process holds no more descriptors at the end than half-way.

import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import t from 'tap';
import { OperatedProgram } from '../fixtures/operated-program.ts';
import { until } from '../fixtures/until.ts';

const SESSIONS = 1000;
const RELOADS = 100;

t.setTimeout(240_000);

/** What the process holds in memory, in kB, as the kernel counts it. */
function residentKb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

/** File `i`: services come and go, strategies, weights, times and limits change; the address of `web` stays. */
function fileOf(program: OperatedProgram, i: number): void {
  const strategies = ['roundrobin', 'leastconn', 'source', 'random'];
  const extra = `, extra${i}: { listen: "127.0.0.1:${program.port + 1 + (i % 5)}", port: ${program.nodePort} }`;
  program.configure({
    web: `, balance: ${strategies[i % 4]}, max_sessions: ${3000 + i}, timeouts: { idle: ${10 + (i % 7)}m }`,
    nodeB: `{ address: 127.0.31.${2 + (i % 3)}, weight: ${1 + (i % 9)} }`,
    services: i % 2 === 0 ? extra : '',
    more: i % 10 === 9 ? 'version: 1\n' : '',
  });
}

t.test('a hundred SIGHUPs', async (t) => {
  const program = await OperatedProgram.prepare(t);
  fileOf(program, 0);
  await program.start();
  const { pid = 0 } = program.process;
  const sessions = [];
  let cut = 0;
  for (let i = 0; i < SESSIONS; i++) {
    const client = connect({ host: '127.0.0.1', port: program.port, allowHalfOpen: true });
    t.teardown(() => client.destroy());
    client.on('error', () => cut++).on('end', () => cut++);
    await once(client, 'connect');
    sessions.push(client);
  }

  let storming = true;
  let done = 0;
  const failed: string[] = [];
  const storm = Array.from({ length: 4 }, async () => {
    while (storming) {
      const client = connect({ host: '127.0.0.1', port: program.port, allowHalfOpen: true });
      const heard: Buffer[] = [];
      client.on('data', (chunk: Buffer) => heard.push(chunk)).on('error', (error) => failed.push(error.message));
      client.end('hello');
      await once(client, 'close').catch(() => {});
      if (Buffer.concat(heard).toString() === 'hello') done++;
      else failed.push('no echo');
    }
  });

  const seen = { descriptors: 0, resident: 0 };
  let [applied, refused] = [0, 0];
  const answers = () => program.log.join('').match(/was reloaded|was not reloaded/g)?.length ?? 0;
  for (let i = 1; i <= RELOADS; i++) {
    fileOf(program, i);
    program.process.kill('SIGHUP');
    await until(() => answers() === i, `the outcome of reload ${i}`);
    const before = done + failed.length;
    await until(() => done + failed.length >= before + 10, 'some of the storm through this file');
    if (i === RELOADS / 2) {
      seen.descriptors = readdirSync(`/proc/${pid}/fd`).length;
      seen.resident = residentKb(pid);
    }
  }
  storming = false;
  await Promise.all(storm);
  for (const line of program.log.join('').matchAll(/was (not )?reloaded/g))
    line[1] === undefined ? applied++ : refused++;
  t.equal(applied, RELOADS - 10, 'ninety files were good');
  t.equal(refused, 10, 'ten were not, and changed nothing');
  t.equal(cut, 0, 'no session was cut');
  t.same(failed.slice(0, 5), [], `${done} attempts came through`);

  const descriptors = readdirSync(`/proc/${pid}/fd`).length;
  t.ok(descriptors < seen.descriptors + 60, `${seen.descriptors} descriptors half-way, ${descriptors} at the end`);
  const resident = residentKb(pid);
  t.ok(resident < seen.resident + 50_000, `${seen.resident} kB half-way, ${resident} kB at the end`);
  for (const [i, client] of sessions.entries()) {
    client.write(`still ${i}`);
    const [answer] = (await once(client, 'data')) as [Buffer];
    if (answer.toString() !== `still ${i}`) t.fail(`session ${i} answered ${answer}`);
  }
  for (const client of sessions) client.end();
  program.process.kill('SIGTERM');
  const [code] = (await once(program.process, 'exit')) as [number];
  t.equal(code, 0);
  const ends = [...program.log.join('').matchAll(/"end":"([a-z-]+)"/g)].map(([, end]) => end);
  t.same([...new Set(ends)], ['completed'], `${ends.length} sessions`);
});
