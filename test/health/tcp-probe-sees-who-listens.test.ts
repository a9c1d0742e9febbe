import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import t from 'tap';
import type { HealthConfig } from '../../src/config/config.ts';
import { askOnce } from '../fixtures/ask-once.ts';
import { frozenServer } from '../fixtures/frozen-server.ts';
import { openSockets } from '../fixtures/open-sockets.ts';
import { SOCKET_WAYS } from '../fixtures/sockets.ts';
import { closedPort, startServer } from '../fixtures/tcp.ts';

for (const sockets of SOCKET_WAYS) {
  const ask = (target: Parameters<typeof askOnce>[0], health?: Partial<HealthConfig>, preamble?: Buffer) =>
    askOnce(target, health, preamble, sockets);

  t.test(`${sockets.kind}: somebody listens: good, and the node sees a reset`, async (t) => {
    const closed: Promise<unknown>[] = [];
    const errors: unknown[] = [];
    const server = await startServer(t, (socket) => {
      socket.resume();
      socket.once('error', (error) => errors.push(error));
      closed.push(new Promise((resolve) => socket.once('close', resolve)));
    });
    const result = await ask({ port: server.port });
    t.match(result, { ok: true });
    t.ok(result.seconds >= 0);
    await server.accepted();
    await closed[0];
    t.match(errors, [{ code: 'ECONNRESET' }]);
  });

  t.test(`${sockets.kind}: a port that gets PROXY headers gets one`, async (t) => {
    const server = await startServer(t, () => {});
    t.match(await ask({ port: server.port }, {}, Buffer.from('PROXY UNKNOWN\r\n')), { ok: true });
    const [chunk] = await once(await server.accepted(), 'data');
    t.equal(String(chunk), 'PROXY UNKNOWN\r\n');
  });

  t.test(`${sockets.kind}: a port that is asked instead of the service's gets no PROXY header`, async (t) => {
    const server = await startServer(t, () => {});
    const header = Buffer.from('PROXY UNKNOWN\r\n');
    const asking = ask({ port: 9 }, { type: 'http', port: server.port, timeoutMs: 500 }, header);
    const [chunk] = await once(await server.accepted(), 'data');
    t.match(String(chunk), /^GET \/ HTTP/);
    await asking;
  });

  t.test(`${sockets.kind}: nobody listens: a hard failure of the connect`, async (t) => {
    const port = await closedPort();
    const reason = `connect to 127.0.0.1:${port}: refused`;
    t.match(await ask({ port }), { ok: false, kind: 'hard', stage: 'connect', code: 'refused', reason });
  });

  t.test(`${sockets.kind}: no answer to the connect in time: hard, and nothing stays open`, async (t) => {
    const server = await frozenServer(1);
    t.teardown(() => server.close());
    const fillers: Socket[] = [];
    t.teardown(() => {
      for (const filler of fillers) filler.destroy();
    });
    // A backlog of 1 holds two.
    for (let i = 0; i < 2; i++) {
      const filler = connect({ host: '127.0.0.1', port: server.port });
      fillers.push(filler);
      await once(filler, 'connect');
    }
    const reason = `connect to 127.0.0.1:${server.port}: timed out`;
    const result = await ask({ port: server.port }, { timeoutMs: 200 });
    t.match(result, { ok: false, kind: 'hard', stage: 'connect', code: 'timeout', reason });
    t.ok(await openSockets(fillers.length), 'only the fillers are open');
  });

  t.test(`${sockets.kind}: a failure of our own is none of the node`, async (t) => {
    const server = await startServer(t, () => {});
    const result = await ask({ port: server.port, from: '192.0.2.77' });
    t.match(result, { ok: false, kind: 'ours', stage: 'connect', code: 'no-local-port' });
  });

  t.test(`${sockets.kind}: it asks from the address it is told`, async (t) => {
    const peers: (string | undefined)[] = [];
    const server = await startServer(t, (socket) => peers.push(socket.remoteAddress));
    t.match(await ask({ port: server.port, from: '127.0.0.9' }), { ok: true });
    await server.accepted();
    t.same(peers, ['127.0.0.9']);
  });
}
