// The built program, once through: check, show, run, one session, metrics, stop. Prints what it saw; fails loudly.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const program = join(import.meta.dirname, '..', 'dist', 'src', 'main.js');
const folder = mkdtempSync(join(tmpdir(), 'chargehand-smoke-'));
const file = join(folder, 'chargehand.yaml');
const patience = setTimeout(() => {
  console.error('smoke: not done within 30 s');
  process.exit(1);
}, 30_000);

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

const backend = createServer((socket) => {
  // A health check connects and resets.
  socket.on('error', () => {});
  socket.end('hello from node1\n');
}).listen(0, '127.0.0.1');
await once(backend, 'listening');
const [port, httpPort] = [await freePort(), await freePort()];
writeFileSync(
  file,
  `version: 1
nodes: { node1: 127.0.0.1 }
services:
  hello: { listen: "127.0.0.1:${port}", port: ${backend.address().port}, health: tcp }
http: { listen: "127.0.0.1:${httpPort}" }
`,
);

let child;
try {
  assert.equal(execFileSync(process.execPath, [program, 'check', '-c', file], { encoding: 'utf8' }), '');
  assert.match(
    execFileSync(process.execPath, [program, 'show', '-c', file], { encoding: 'utf8' }),
    /balance: roundrobin/,
  );
  child = spawn(process.execPath, [program, 'run', '-c', file], { stdio: ['ignore', 'pipe', 'inherit'] });
  let log = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    log += text;
  });
  while (!log.includes('chargehand is ready')) await once(child.stdout, 'data');
  const client = connect({ host: '127.0.0.1', port });
  let heard = '';
  client.setEncoding('utf8').on('data', (text) => {
    heard += text;
  });
  await once(client, 'close');
  assert.equal(heard, 'hello from node1\n');
  while (!log.includes('"msg":"session"')) await once(child.stdout, 'data');
  const metrics = await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text();
  assert.match(metrics, /chargehand_sessions_total\{service="hello",node="node1",end="completed"\} 1/);
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
  assert.match(log, /chargehand has stopped/);
  console.log(`smoke: check, show, run, one session, metrics and stop work on Node ${process.version}`);
} finally {
  child?.kill('SIGKILL');
  backend.close();
  clearTimeout(patience);
  rmSync(folder, { recursive: true });
}
