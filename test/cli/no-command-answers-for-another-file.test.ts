import { symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import t from 'tap';
import { runCommandLine } from '../../src/cli/command-line.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';
import { toldHost } from '../fixtures/told-host.ts';

const folder = temporaryFolder(t);
const socket = join(folder, 'admin.sock');
const text = `version: 1\nnodes: { a: 192.0.2.1 }\nservices: { web: { listen: 80 } }\nadmin: { socket: ${socket} }\n`;
const [running, other, link, broken] = ['running.yaml', 'other.yaml', 'link.yaml', 'broken.yaml'].map((name) =>
  join(folder, name),
) as [string, string, string, string];
writeFileSync(running, text);
writeFileSync(other, text);
writeFileSync(broken, `${text}nonsense: 1\n`);
symlinkSync(running, link);

const NOTHING = {
  ...{ backends: [], other: [], restart: [], sessions: [], guards: [], warnings: [], unchanged: true, problems: [] },
  listeners: { added: [], removed: [], gaps: [] },
  services: { added: [], removed: [], changed: [] },
};
const ANSWERS: Readonly<Record<string, unknown>> = {
  '/v1/status': { config: { file: running } },
  '/v1/upgrade': { pid: 1, plan: null },
};

/** What was asked of the process since. */
const asked: string[] = [];
const server = createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`);
  response.end(JSON.stringify(ANSWERS[request.url ?? ''] ?? NOTHING));
});
await new Promise<void>((resolve) => server.listen({ path: socket }, resolve));
t.teardown(() => server.close());

for (const command of ['plan', 'reload', 'upgrade']) {
  for (const file of [other, broken]) {
    t.test(`${command} -c ${file.slice(folder.length)}: the running process reads another one`, async (t) => {
      asked.length = 0;
      const { host, out, err } = toldHost([command, '-c', file]);
      t.equal(await runCommandLine(host), 2);
      t.equal(
        err(),
        `chargehand: the running process reads ${running}, not ${file}: ` +
          `copy it there, or look at it alone: chargehand check -c ${file}\n`,
      );
      t.equal(out(), '');
      t.same(asked, ['GET /v1/status'], 'and nothing is asked of it');
    });
  }

  for (const args of [
    ['-c', running],
    ['-c', link],
    ['-c', other, '--socket', socket],
    ['--socket', socket],
  ]) {
    t.test(`${[command, ...args].join(' ').replaceAll(folder, '')} is answered`, async (t) => {
      asked.length = 0;
      const { host, err } = toldHost([command, ...args]);
      t.equal(await runCommandLine(host), 0, err());
      t.equal(asked.at(-1), `POST /v1/${command}`);
    });
  }
}
