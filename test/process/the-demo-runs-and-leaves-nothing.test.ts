// What `npm start` runs after the build, as a process: dist/demo/run.js on config/demo.yaml.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { type MovedDemo, moveDemo } from '../fixtures/moved-demo.ts';
import { exchange } from '../fixtures/stand-in-client.ts';
import { until } from '../fixtures/until.ts';

t.setTimeout(120_000);
const demo = await moveDemo(t);

class DemoProcess {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  text = '';

  constructor(t: Test, { built }: MovedDemo) {
    this.#child = spawn(process.execPath, [built.demo], { cwd: built.root, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#closed = once(this.#child, 'close');
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.text += text;
      });
    }
    t.teardown(async () => {
      this.#child.kill('SIGTERM');
      await this.#closed;
    });
  }

  says(what: RegExp): Promise<void> {
    return until(() => what.test(this.text) || this.#child.exitCode !== null, `the demo says ${what}: ${this.text}`);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** The exit code, once its output has ended as well: no child of it lives any more. */
  async ended(): Promise<number | null> {
    await this.#closed;
    return this.#child.exitCode;
  }

  /** That of its child that runs main.js. */
  pidOfBalancer(): number {
    const children = readFileSync(`/proc/${this.#child.pid}/task/${this.#child.pid}/children`, 'utf8').split(' ');
    return Number(
      children.find((pid) => pid !== '' && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('main.js')),
    );
  }

  /** The process id that the table shows for a node. */
  pidOf(node: string): number {
    return Number(new RegExp(`${node} +│ [\\d.]+ +│ (\\d+)`).exec(this.text)?.[1]);
  }
}

/** Every TCP address that the demo's file speaks of, the balancer's and the nodes'. */
function addressesOf({ config, plans }: MovedDemo): readonly { address: string; port: number }[] {
  const listens = config.services.flatMap(({ listen }) => listen);
  return [
    ...listens.flatMap((at) => (at.kind === 'tcp' ? [{ address: at.host ?? '127.0.0.1', port: at.port }] : [])),
    ...(config.http === false ? [] : [{ address: config.http.host ?? '127.0.0.1', port: config.http.port }]),
    ...plans.flatMap(({ address, ports }) => Object.values(ports).map((port) => ({ address, port }))),
  ];
}

/** Whether nothing listens on any of them: each can be listened on. */
async function allFree(addresses: readonly { address: string; port: number }[]): Promise<boolean> {
  for (const { address, port } of addresses) {
    const server = createServer().listen(port, address);
    try {
      await once(server, 'listening');
    } catch {
      return false;
    }
    server.close();
    await once(server, 'close');
  }
  return true;
}

t.test('the demo says what listens where, what to try, and ends cleanly on Ctrl-C', async (t) => {
  const run = new DemoProcess(t, demo);
  await run.says(/Ctrl-C ends it all/);
  for (const { name } of demo.config.services) t.match(run.text, new RegExp(`│ ${name} +│ 127\\.`), name);
  t.match(run.text, /│ puppet-ca +│ [\d.]+:18141 +│ pinned +│ port 18140 on proxy01 +│/);
  t.match(run.text, /Metrics: http:\/\/[\d.]+:18404\/metrics/);

  const lines = [...run.text.matchAll(/^ {2}(curl .*)$/gm)].map(([, line = '']) => line);
  t.equal(lines.length, 3, 'three lines to try');
  const authority = /--cacert (\S+)/.exec(run.text)?.[1] ?? '';
  t.ok(existsSync(authority), authority);
  for (const line of lines) {
    const answer = await shell(`${line} --noproxy '*' --silent --show-error --fail`);
    if (answer === undefined) t.pass(line, { skip: 'no curl on this machine' });
    else t.match(answer, /^proxy0\d$|"connected":true|BEGIN CERTIFICATE/m, line);
  }

  run.kill('SIGINT');
  // As npm does: what the terminal has sent already is passed on once more.
  run.kill('SIGINT');
  t.equal(await run.ended(), 0);
  t.ok(await allFree(addressesOf(demo)), 'nothing listens any more');
  t.notOk(existsSync(dirname(authority)), 'the certificates are gone');
});

t.test('the demo starts a node again that died', async (t) => {
  const run = new DemoProcess(t, demo);
  await run.says(/Ctrl-C ends it all/);
  const pid = run.pidOf('proxy03');
  process.kill(pid, 'SIGKILL');
  await run.says(/proxy03 runs again, pid \d+/);
  t.match(run.text, `proxy03 (pid ${pid}) ended: SIGKILL; it starts again in a second`);
  const plan = demo.plans.find(({ name }) => name === 'proxy03');
  const target = {
    service: 'http',
    address: plan?.address ?? '',
    port: plan?.ports['http'] ?? 0,
    authority: '',
    name: '',
  };
  t.match(await exchange(target, 1000, 'again'), { node: 'proxy03', fault: '' });
  run.kill('SIGTERM');
  t.equal(await run.ended(), 0);
  t.ok(await allFree(addressesOf(demo)));
});

t.test('the demo stops in order when it is told to before it is ready', async (t) => {
  const node = demo.plans[0];
  const firstPort = { port: node?.ports['http'] ?? 0, host: node?.address ?? '' };
  const run = new DemoProcess(t, demo);
  const deadline = Date.now() + 20_000;
  while (!(await answers(firstPort)) && Date.now() < deadline && run.text === '');
  run.kill('SIGTERM');
  t.equal(await run.ended(), 0, run.text);
  t.notMatch(run.text, 'Ctrl-C ends it all');
  t.ok(await allFree(addressesOf(demo)));
});

t.test('a second Ctrl-C ends sessions that still run', async (t) => {
  const run = new DemoProcess(t, demo);
  await run.says(/Ctrl-C ends it all/);
  const amqp = demo.config.services.find(({ name }) => name === 'amqp')?.listen[0];
  const session = connect(amqp?.kind === 'tcp' ? amqp.port : 0, amqp?.kind === 'tcp' ? (amqp.host ?? '') : '');
  session.write('hello\n');
  t.match(String((await once(session, 'data'))[0]), /^proxy0\d hello\n$/);
  run.kill('SIGINT');
  await run.says(/SIGTERM: stopping/);
  t.notOk(session.readableEnded, 'the session may finish');
  // Within half a second it would be taken for the same Ctrl-C once more: npm passes on what the terminal sent already.
  await sleep(600);
  run.kill('SIGINT');
  t.equal(await run.ended(), 1);
  session.destroy();
  t.ok(await allFree(addressesOf(demo)));
});

t.test('the demo ends with the balancer, and with its exit code', async (t) => {
  const run = new DemoProcess(t, demo);
  await run.says(/Ctrl-C ends it all/);
  process.kill(run.pidOfBalancer(), 'SIGKILL');
  t.equal(await run.ended(), 128 + 9);
  t.match(run.text, 'the balancer ended by itself, exit code 137');
  t.ok(await allFree(addressesOf(demo)));
});

t.test('a port that is taken is named, and nothing is left', async (t) => {
  for (const [whose, taken] of [
    ['a node', { address: demo.plans[1]?.address ?? '', port: demo.plans[1]?.ports['rhsm'] ?? 0 }],
    ['the balancer', addressesOf(demo)[0] ?? { address: '', port: 0 }],
  ] as const) {
    const holder = createServer().listen(taken.port, taken.address);
    await once(holder, 'listening');
    const run = new DemoProcess(t, demo);
    t.equal(await run.ended(), 1, `${whose}: exit code`);
    t.match(run.text, `${taken.address}:${taken.port}`, `${whose}: the address is named`);
    t.notMatch(run.text, /^ +at .*:\d+:\d+/m, 'no stack trace');
    holder.close();
    await once(holder, 'close');
    t.ok(await allFree(addressesOf(demo)), 'nothing listens any more');
  }
});

function answers(at: { port: number; host: string }): Promise<boolean> {
  const socket = connect(at);
  return once(socket, 'connect').then(
    () => socket.destroy() !== undefined,
    () => false,
  );
}

/** What a command line prints; undefined: it does not exist here. */
function shell(line: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    execFile('/bin/sh', ['-c', line], (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (error.code === 127) resolve(undefined);
      else reject(new Error(`${line}: ${stderr}`));
    });
  });
}
