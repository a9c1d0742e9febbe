// Where a socket of control is to be there stands something else: it is told what, and left alone.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { AdminServer, type AdminServerOptions } from '../../src/control/admin-server.ts';
import { HaproxyFace, type HaproxyFaceOptions } from '../../src/control/haproxy/haproxy-face.ts';
import { systemClock } from '../../src/core/clock.ts';
import { configWith } from '../fixtures/balancer.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';

const folder = temporaryFolder(t);
const [file, directory, used] = ['a.file', 'a.folder', 'used.sock'].map((name) => join(folder, name)) as [
  string,
  string,
  string,
];
writeFileSync(file, 'kept');
mkdirSync(directory);
const server = createServer();
await new Promise<void>((resolve) => server.listen({ path: used }, resolve));
t.teardown(() => server.close());

/** Nobody asks: only the socket's file is looked at. */
const openAdmin = (socket: string) =>
  new AdminServer({ socket, group: 'chargehand', mode: 0o600, state: join(folder, 'state.json'), given: true }, {
    observer: {},
  } as unknown as AdminServerOptions).start();

const openHaproxy = (socket: string) =>
  new HaproxyFace({ clock: systemClock, observer: {} } as unknown as HaproxyFaceOptions).start({
    ...configWith([]),
    haproxy: { socket, metrics: false },
  });

t.test('a file', async (t) => {
  await t.rejects(openAdmin(file), {
    message: `admin socket ${file}: a file that is no socket stands there: move it away, or name another admin.socket`,
  });
  await t.rejects(openHaproxy(file), {
    message: `haproxy.socket ${file}: a file that is no socket stands there: move it away, or name another path`,
  });
  t.equal(readFileSync(file, 'utf8'), 'kept');
});

t.test('a folder', async (t) => {
  await t.rejects(openAdmin(directory), { message: /: a folder stands there: move it away/ });
  await t.rejects(openHaproxy(directory), { message: /: a folder stands there: move it away/ });
});

t.test('a socket that answers', async (t) => {
  await t.rejects(openAdmin(used), { message: /: another process answers there: is chargehand running already\?$/ });
  await t.rejects(openHaproxy(used), { message: /: another process answers there \(HAProxy itself/ });
});
