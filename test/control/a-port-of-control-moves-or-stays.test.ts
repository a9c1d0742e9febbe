// A file that moves the read-only port: the new place is had before anything changes, or all stays as it was.

import { createServer } from 'node:net';
import t, { type Test } from 'tap';
import type { Config } from '../../src/config/config.ts';
import { ControlPorts } from '../../src/control/control-ports.ts';
import { createPageServer } from '../../src/control/page-server.ts';
import { ListenError } from '../../src/errors.ts';
import { configWith } from '../fixtures/balancer.ts';
import { ask, pageOptions } from '../fixtures/page-server.ts';

const none = { start: async () => {}, update: async () => {}, close: async () => {} };

/** A free port that stays free: of this process alone, by the address. */
const HOST = `127.78.${(process.pid >> 8) & 255}.${process.pid & 255 || 1}`;
let nextPort = 20_000;

function config(port: number, more: Partial<Config> = {}, host = HOST): Config {
  return { ...configWith([]), http: { host, port, allow: [], page: false }, ...more };
}

async function open(t: Test, first: Config) {
  const updates: (string | undefined)[] = [];
  const ports = new ControlPorts(first, {
    admin: undefined,
    haproxy: { ...none, update: async ({ haproxy }) => void updates.push(haproxy?.socket) },
    createPage: ({ http }) => (http === false ? undefined : createPageServer(http, pageOptions().options)),
  });
  await ports.open();
  t.teardown(() => ports.close());
  return { ports, updates };
}

/** Whether the page answers there. */
const answers = (host: string, port: number) =>
  ask(port, '/healthz', { host }).then(
    ({ status }) => status === 200,
    () => false,
  );

t.test('to another port', async (t) => {
  const [from, to] = [nextPort++, nextPort++];
  const { ports } = await open(t, config(from));
  const prepared = await ports.prepare(config(to));
  t.ok(await answers(HOST, from), 'both answer until it is decided');
  t.ok(await answers(HOST, to));
  await prepared.commit();
  t.notOk(await answers(HOST, from));
  t.equal(ports.http, `${HOST}:${to}`);
});

t.test('not, where the rest of the file could not be had', async (t) => {
  const [from, to] = [nextPort++, nextPort++];
  const { ports } = await open(t, config(from));
  await (await ports.prepare(config(to))).abandon();
  t.ok(await answers(HOST, from));
  t.notOk(await answers(HOST, to));
  await (await ports.prepare(config(from, { name: 'other.example.net' }))).abandon();
  t.ok(await answers(HOST, from), 'back at the same port, too');
});

t.test('a port that is taken changes nothing', async (t) => {
  const [from, to] = [nextPort++, nextPort++];
  const holder = createServer().listen(to, HOST);
  t.teardown(() => holder.close());
  await new Promise((resolve) => holder.once('listening', resolve));
  const { ports } = await open(t, config(from));
  await t.rejects(ports.prepare(config(to)), ListenError);
  t.ok(await answers(HOST, from));
  t.equal(ports.http, `${HOST}:${from}`);
});

t.test('the same port at another address, and one that this machine does not have', async (t) => {
  const port = nextPort++;
  const { ports } = await open(t, config(port));
  await (await ports.prepare(config(port, {}, '127.79.0.1'))).commit();
  t.ok(await answers('127.79.0.1', port));
  t.notOk(await answers(HOST, port));
  await t.rejects(ports.prepare(config(port, {}, '192.0.2.1')), ListenError);
  t.ok(await answers('127.79.0.1', port), 'it came back');
});

t.test('none at all, and again', async (t) => {
  const port = nextPort++;
  const { ports, updates } = await open(t, config(port));
  await (await ports.prepare(config(port, { http: false }))).commit();
  t.notOk(await answers(HOST, port));
  t.equal(ports.http, undefined);
  await (await ports.prepare(config(port, { haproxy: { socket: '/x.sock', metrics: false } }))).commit();
  t.ok(await answers(HOST, port));
  t.same(updates, ['/x.sock'], "HAProxy's face is told where its part changed, and only then");
});
