import { createServer } from 'node:http';
import { join } from 'node:path';
import t from 'tap';
import { runCommandLine } from '../../src/cli/command-line.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';
import { toldHost } from '../fixtures/told-host.ts';

const STATUS = {
  services: [
    { service: 'https', backends: [{ node: 'proxy01' }, { node: 'proxy02' }] },
    { service: 'puppet', backends: [{ node: 'proxy01' }] },
  ],
};

/** Has two nodes, no sessions, and knows no node that it is told to set. */
async function answering(): Promise<string> {
  const path = join(temporaryFolder(t), 'admin.sock');
  const server = createServer((request, response) => {
    const [asked] = (request.url ?? '').split('?');
    response.statusCode = request.method === 'POST' ? 404 : 200;
    const answer = asked === '/v1/status' ? STATUS : { sessions: [], error: 'there is no such thing' };
    response.end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen({ path }, resolve));
  t.teardown(() => server.close());
  return path;
}

const socket = await answering();

for (const [line, code, message] of [
  ['sessions', 0, 'no session is running\n'],
  ['sessions --node proxy02', 0, 'no session is running that fits\n'],
  ['sessions --client 192.0.2.50', 0, 'no session is running that fits\n'],
  ['sessions --node proxy-2', 1, 'chargehand: there is no node proxy-2 (did you mean "proxy02"?)\n'],
  ['sessions --node n9', 1, 'chargehand: there is no node n9; there are proxy01, proxy02\n'],
  ['sessions --node n9 --json', 1, 'chargehand: there is no node n9; there are proxy01, proxy02\n'],
  ['sessions --service pupet', 1, 'chargehand: there is no service pupet (did you mean "puppet"?)\n'],
  ['drain n9', 1, 'chargehand: there is no node n9; there are proxy01, proxy02\n'],
  ['drain proxy01 --service nope', 1, 'chargehand: there is no service nope; there are https, puppet\n'],
  ['drain proxy02 --service puppet', 1, 'chargehand: there is no such thing\n'],
  [
    'drain proxy01 --service https --service nope',
    1,
    'chargehand: there is no service nope; there are https, puppet\n',
  ],
] as const) {
  t.test(line, async (t) => {
    const { host, out, err } = toldHost([...line.split(' '), '--socket', socket]);
    t.equal(await runCommandLine(host), code);
    t.equal(out() + err(), message);
  });
}
