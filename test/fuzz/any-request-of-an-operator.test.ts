// What may come in by the admin socket and the read-only port: requests sound, damaged and made up. Each gets an answer
// that is no fault of ours, in one harmless line that names what is refused, or its connection is closed; the server goes on.

import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type NetConnectOpts } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { answerTo } from '../../src/control/admin-answers.ts';
import type { Body } from '../../src/control/admin-body.ts';
import { AdminServer } from '../../src/control/admin-server.ts';
import { Operator } from '../../src/control/operator.ts';
import { systemClock } from '../../src/core/clock.ts';
import { printable } from '../../src/core/printable.ts';
import { ChargehandError } from '../../src/errors.ts';
import { History } from '../../src/observe/history.ts';
import { backendSpec, startBalancer } from '../fixtures/balancer.ts';
import { cuts, damaged, holds, pieces } from '../fixtures/fuzz.ts';
import { haproxyFace } from '../fixtures/haproxy-face.ts';
import { pageServer } from '../fixtures/page-server.ts';
import { readAll } from '../fixtures/tcp.ts';

const HARMFUL = /[\p{C}\p{Zl}\p{Zp}]/u;

const { balancer, events } = await startBalancer(t, [{ backends: [backendSpec('a', 9), backendSpec('b', 9)] }]);
const history = new History({ clock: systemClock, snapshot: () => balancer.snapshot() });
const operator = new Operator({
  balancer: () => balancer,
  config: balancer.config,
  state: undefined,
  clock: systemClock,
  observer: events,
  history,
  about: () => ({
    version: '0',
    started: new Date(0).toISOString(),
    relay: { kind: 'net', threads: 0 },
    predecessor: null,
  }),
  refused: () => null,
});
await operator.start();
const tools = {
  operator,
  reloader: { reload: async () => ({}), plan: async () => ({}) },
  upgrade: async () => ({ pid: 1, plan: null }),
  config: () => 'version: 1\n',
};

const folder = mkdtempSync(join(tmpdir(), 'chargehand-fuzz-'));
const path = join(folder, 'admin.sock');
const admin = new AdminServer(
  { socket: path, mode: 0o600, group: 'chargehand', state: join(folder, 'state.json'), given: true },
  { ...tools, observer: events },
);
await admin.start();
const page = await pageServer();
t.teardown(async () => {
  operator.close();
  await Promise.all([admin.close(), page.server.close()]);
  rmSync(folder, { recursive: true, force: true });
});

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('a', 'b', 'test', '', '..', '%', '%00'),
);
const method = fc.constantFrom('GET', 'POST', 'DELETE', 'PUT', 'constructor', '');
const place = fc.constantFrom(
  ...['/v1/status', '/v1/sessions', '/v1/where', '/v1/config', '/v1/plan', '/v1/reload', '/v1/upgrade', '/v1/', '/'],
  ...['/v1/nodes/', '/v1/sessions/'],
);
const query = fc.array(fc.tuple(fc.constantFrom('client', 'node', 'service', 'local', 'x'), text), { maxLength: 3 });
const url = fc.tuple(place, text, query).map(([at, more, pairs]) => {
  const asked = pairs.map(([key, value]) => `${key}=${value}`).join('&');
  return `${at}${more}${asked === '' ? '' : `?${asked}`}`;
});
const word = fc.oneof(
  text,
  fc.constantFrom('ready', 'drain', 'maint', '5s', '1h', '-1s', '9999999999h'),
  fc.integer(),
  fc.double(),
);
const body = fc.dictionary(
  fc.constantFrom('state', 'services', 'within', 'close_over', 'weight', 'force', '__proto__', 'x\u001b'),
  fc.oneof(word, fc.array(word, { maxLength: 3 }), fc.jsonValue()),
  { maxKeys: 4 },
);

/** What a request can be refused for, besides a name that nobody has or a key that nobody knows. */
const PARAMETER = /\b(client|state|services|within|close_over|weight|force)\b/;

/** Whether the one who asked is told which of the words it was. */
function namesWhatItIsAbout({ code, message }: ChargehandError, where: string, what: object): boolean {
  const [path = '', query = ''] = where.split('?', 2);
  const last = path.slice(path.lastIndexOf('/') + 1);
  const named = (...words: readonly string[]): boolean => words.some((word) => message.includes(printable(word)));
  if (code === 'not-found') {
    const { services } = what as { readonly services?: unknown };
    const name = message.startsWith('there is no /') ? path : decodeURIComponent(last);
    return named(name) && (!message.includes('serves no service') || named(...(services as readonly string[])));
  }
  if (message.endsWith('is not a name')) return named(last);
  const keys = [...new URLSearchParams(query).keys(), ...Object.keys(what)];
  if (message.includes(' is unknown: '))
    return keys.some((key) => message.startsWith(`${printable(key)} is unknown: `));
  if (code === 'bad-client') return named(new URLSearchParams(query).get('client') ?? '');
  return PARAMETER.test(message);
}

holds(
  t,
  'a request: an answer, or a refusal of the one who asks in one harmless line',
  2000,
  fc.asyncProperty(method, url, body, async (how, where, what) => {
    try {
      const answer = await answerTo(how, where, what as Body, tools);
      if ('pieces' in answer) for await (const _piece of answer.pieces);
      else JSON.stringify(answer.body);
    } catch (error) {
      if (!(error instanceof ChargehandError)) throw error;
      if (HARMFUL.test(error.message)) throw new Error(`harmful: ${JSON.stringify(error.message)}`);
      if (!namesWhatItIsAbout(error, where, what)) throw new Error(`about what? ${JSON.stringify(error.message)}`);
    }
  }),
);

/** Sends it and ends; what came back, however it ended. */
async function talk(to: NetConnectOpts, bytes: Buffer, at: readonly number[]): Promise<string> {
  const socket = connect(to);
  for (const piece of pieces(bytes, at)) socket.write(piece);
  socket.end();
  return (await readAll(socket)).bytes.toString('latin1');
}

const request = fc.tuple(method, url, fc.json({ maxDepth: 3 })).map(([how, where, json]) => {
  const head = `${how} ${where} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${Buffer.byteLength(json)}\r\n`;
  return Buffer.from(`${head}Connection: close\r\n\r\n${json}`);
});
const anyBytes = fc.oneof(
  request,
  request.chain((sound) => damaged(sound)),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.integer({ min: 1, max: 60_000 }).map((depth) => {
    const json = `{"state":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    return Buffer.from(
      `POST /v1/nodes/a HTTP/1.1\r\nHost: x\r\nContent-Length: ${json.length}\r\nConnection: close\r\n\r\n${json}`,
    );
  }),
  fc
    .integer({ min: 1, max: 20_000 })
    .map((size) => Buffer.from(`GET /${'x'.repeat(size)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)),
);

const servers = { 'the admin socket': { path }, 'the read-only port': { host: '127.0.0.1', port: page.port } };
for (const [title, to] of Object.entries(servers)) {
  holds(
    t,
    `${title}: any bytes, and it goes on`,
    200,
    fc.asyncProperty(anyBytes, cuts, async (bytes, at) => {
      const said = await talk(to, bytes, at);
      if (said !== '' && !/^HTTP\/1\.1 [1234]\d\d /.test(said))
        throw new Error(`it said ${JSON.stringify(said.slice(0, 200))}`);
      const sound = Buffer.from('GET /v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n');
      const after = await talk(to, sound, []);
      if (!/^HTTP\/1\.1 (200|404) /.test(after)) throw new Error(`then it said ${JSON.stringify(after.slice(0, 200))}`);
    }),
  );
}

const face = await haproxyFace(t, [{ backends: [backendSpec('a', 9), backendSpec('b', 9)] }]);
const ofHaproxy = fc.oneof(
  fc.constantFrom(
    ...'show,set,enable,disable,get,info,stat,sess,servers,state,backend,server,weight,prompt,help,quit'.split(','),
  ),
  fc.constantFrom(
    'test/a',
    'test/',
    '/',
    'typed',
    'json',
    'drain',
    'maint',
    'ready',
    '50%',
    '256',
    '-1',
    '1e9',
    'shutdown',
  ),
  fc.constantFrom('sessions', 'set timeout cli', ';', '\\;', '\\', '<<', '@1', '$', '__proto__', 'constructor/a'),
  text,
);
const command = fc
  .array(ofHaproxy, { maxLength: 6 })
  .map((words) => words.filter((word) => !word.includes('\0')).join(' '));
holds(
  t,
  'HAProxy’s socket: any commands, and it goes on',
  200,
  fc.asyncProperty(
    fc.oneof(
      fc.array(command, { maxLength: 4 }).map((all) => Buffer.from(`${all.join('\n')}\n`)),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.integer({ min: 1, max: 40_000 }).map((size) => Buffer.from('show info;'.repeat(size / 10 + 1))),
    ),
    cuts,
    async (bytes, at) => {
      await talk({ path: face.path }, bytes, at);
      const after = await talk({ path: face.path }, Buffer.from('show version\n'), []);
      if (after.trim() === '') throw new Error('it says no more');
    },
  ),
);
