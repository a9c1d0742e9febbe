// What a command says where no chargehand answers: another service, a file, or nobody.

import { writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type ListenOptions } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { type AdminClient, adminClient, readOnlyClient } from '../../src/control/admin-client.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';

const folder = temporaryFolder(t);

/** Answers as HAProxy's socket does. */
async function haproxy(place: ListenOptions): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.once('data', () =>
      socket.end('Unknown command: "GET", but maybe one of the following ones is a better match:\n'),
    );
  });
  await new Promise<void>((resolve) => server.listen(place, resolve));
  t.teardown(() => server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const wrong = (client: AdminClient) => client.ask('GET', '/v1/status').catch((error: unknown) => error);

t.test("HAProxy's socket in the place of ours", async (t) => {
  const path = join(folder, 'haproxy.sock');
  await haproxy({ path });
  t.match(await wrong(adminClient(path)), {
    code: 'no-answer',
    message: `what answers at ${path} is no admin socket of chargehand: name that with --socket (the file's admin.socket)`,
  });
});

t.test('a file in the place of a socket', async (t) => {
  const path = join(folder, 'c.yaml');
  writeFileSync(path, '');
  t.match(await wrong(adminClient(path)), {
    code: 'not-running',
    message: `${path}: a file that is no socket stands there: name the socket of chargehand with --socket`,
  });
});

t.test('another service on the port', async (t) => {
  const port = await haproxy({ host: '127.0.0.1', port: 0 });
  t.match(await wrong(readOnlyClient(`http://127.0.0.1:${port}`)), {
    code: 'no-answer',
    message: `what answers at http://127.0.0.1:${port} speaks no HTTP; the file's http.listen says where it is`,
  });
});

t.test('nobody on the port, and a name that leads nowhere: in words', async (t) => {
  t.match(await wrong(readOnlyClient('http://127.0.0.1:1')), {
    code: 'not-running',
    message:
      "nothing answers at http://127.0.0.1:1: nothing listens on that port; the file's http.listen says where it is",
  });
  t.match(await wrong(readOnlyClient('http://localhost:1')), { message: /: nothing listens on that port; / });
  t.match(await wrong(readOnlyClient('http://lb1.invalid:8404')), {
    code: 'not-running',
    message: /^nothing answers at http:\/\/lb1\.invalid:8404: its name has no address here; /,
  });
});

t.test('asked by a name that is not its own, the read-only port says by which', async (t) => {
  const said = 'unknown Host: ask by IP address or as one of: lb.example.net';
  const server = createHttpServer((_request, response) => response.writeHead(421).end(`${said}\n`));
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  t.match(await wrong(readOnlyClient(`http://127.0.0.1:${port}`)), { code: 'refused', message: said });
});
