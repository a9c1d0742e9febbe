// With notify-reload systemd sends a signal beside ExecReload=, which does the reload: nothing may come of it.

import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ROOT } from '../../packaging/description.mjs';
import { runFromSource } from '../fixtures/run-from-source.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';
import { until } from '../fixtures/until.ts';

/** On a Unix socket: no port is anybody's. */
const configuration = (folder: string): string => `version: 1
nodes: { proxy01: 127.0.0.1 }
services: { one: { listen: "unix:${folder}/one", port: 9 } }
admin: false
http: false
`;

t.test('of the two only the reload is one', async (t) => {
  const dropIn = readFileSync(join(ROOT, 'systemd', 'notify-reload.conf'), 'utf8');
  const [, signal = ''] = /^ReloadSignal=(SIG\w+)$/m.exec(dropIn) ?? [];
  const folder = temporaryFolder(t);
  const file = join(folder, 'chargehand.yaml');
  writeFileSync(file, configuration(folder));
  const { child, said } = await runFromSource(t, file);
  const reloads = () => said().match(/the configuration is unchanged/g)?.length ?? 0;
  child.kill(signal as NodeJS.Signals);
  // Two of one kind that wait together would count as one.
  const waiting = () => !/^ShdPnd:\s+0+$/m.test(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
  await until(() => !waiting(), 'that the signal has arrived');
  child.kill('SIGHUP');
  await until(() => reloads() > 0, 'a reload');
  child.kill('SIGTERM');
  await once(child, 'close');
  t.equal(child.exitCode, 0, 'and it ended in order');
  t.equal(reloads(), 1, said());
});
