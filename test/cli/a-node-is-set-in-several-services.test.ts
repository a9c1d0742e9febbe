import { createServer } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { runCommandLine } from '../../src/cli/command-line.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';
import { toldHost } from '../fixtures/told-host.ts';

const socket = join(temporaryFolder(t), 'admin.sock');
/** The last order. */
let order: { readonly services?: readonly string[] } = {};
const server = createServer(async (request, response) => {
  order = JSON.parse(await text(request));
  response.end(JSON.stringify({ node: 'n1', services: order.services ?? ['web', 'rr'], sessions: 0, warnings: [] }));
});
await new Promise<void>((resolve) => server.listen({ path: socket }, resolve));
t.teardown(() => server.close());

for (const [words, services, said] of [
  ['drain n1', undefined, 'in all its services'],
  ['drain n1 --service web', ['web'], 'in web'],
  ['drain n1 --service web --service rr', ['web', 'rr'], 'in web, rr'],
  ['maint --service web n1 --service rr --service web', ['web', 'rr'], 'in web, rr'],
  ['ready --service=web --service=rr n1', ['web', 'rr'], 'in web, rr'],
] as const) {
  t.test(words, async (t) => {
    const { host, out, err } = toldHost([...words.split(' '), '--socket', socket]);
    t.equal(await runCommandLine(host), 0, err());
    t.same(order.services, services);
    t.match(out(), `${said} (`);
  });
}
