import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { AdminServer, type AdminServerOptions } from '../../src/control/admin-server.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';

// Nobody asks: only the socket's file is looked at.
const options = { observer: {} } as unknown as AdminServerOptions;
const folder = temporaryFolder(t);
const config = (socket: string, group: string) => ({
  ...{ socket, group, mode: 0o600, state: join(folder, 'state.json'), given: true },
});

t.test('a group that does not exist: the message says what to do, and nothing is left', async (t) => {
  const socket = join(folder, 'a.sock');
  await t.rejects(new AdminServer(config(socket, 'nosuch'), options).start(), {
    code: 'admin-group',
    message:
      'admin.group: there is no group nosuch on this machine; name a group that exists and that this process is in, ' +
      'or take admin.group out',
  });
  t.notOk(existsSync(socket));
});

t.test('a folder that does not exist', async (t) => {
  await t.rejects(new AdminServer(config(join(folder, 'none', 'a.sock'), 'chargehand'), options).start(), {
    message: /its folder does not exist .*or name another admin\.socket$/,
  });
});
