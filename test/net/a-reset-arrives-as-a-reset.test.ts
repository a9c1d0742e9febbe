import { once } from 'node:events';
import t from 'tap';
import { backendSpec, startBalancer } from '../fixtures/balancer.ts';
import { WAYS } from '../fixtures/relays.ts';
import { echo, readAll, readBytes, startClient, startServer } from '../fixtures/tcp.ts';

for (const { name, options } of WAYS) {
  t.test(`${name}: a client that resets: the backend sees a reset`, async (t) => {
    const backend = await startServer(t, echo);
    const { events, port } = await startBalancer(t, [{ backends: [backendSpec('n1', backend.port)] }], options);
    const client = await startClient(t, port());
    client.write('x');
    await readBytes(client, 1);
    const heard = readAll(await backend.accepted());
    client.resetAndDestroy();
    t.equal((await heard).how, 'rst');
    t.match(await events.record(), { end: 'client-reset', endedBy: 'client', phase: 'relay', flags: 'CD' });
  });

  t.test(`${name}: a backend that resets: the client sees a reset`, async (t) => {
    const backend = await startServer(t, echo);
    const { events, port } = await startBalancer(t, [{ backends: [backendSpec('n1', backend.port)] }], options);
    const client = await startClient(t, port());
    client.write('x');
    await readBytes(client, 1);
    const heard = readAll(client);
    (await backend.accepted()).resetAndDestroy();
    t.equal((await heard).how, 'rst');
    t.match(await events.record(), { end: 'backend-reset', endedBy: 'backend', phase: 'relay', flags: 'SD' });
  });

  t.test(`${name}: after a half-close the other side may still be reset`, async (t) => {
    const backend = await startServer(t, (socket) => socket.resume());
    const { events, port } = await startBalancer(t, [{ backends: [backendSpec('n1', backend.port)] }], options);
    const client = await startClient(t, port());
    const heard = readAll(client);
    client.end('question');
    const accepted = await backend.accepted();
    if (!accepted.readableEnded) await once(accepted, 'end');
    accepted.resetAndDestroy();
    t.equal((await heard).how, 'rst');
    t.match(await events.record(), { end: 'backend-reset', endedBy: 'backend' });
  });

  t.test(`${name}: a client that half-closes and then resets: the backend sees a reset`, async (t) => {
    const backend = await startServer(t, (socket) => socket.resume());
    const { events, port } = await startBalancer(t, [{ backends: [backendSpec('n1', backend.port)] }], options);
    const client = await startClient(t, port());
    client.end('question');
    const accepted = await backend.accepted();
    if (!accepted.readableEnded) await once(accepted, 'end');
    const failed = new Promise<string>((resolve) => {
      accepted.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
    });
    client.resetAndDestroy();
    // The answer to a client that is gone: Node notices a reset after a FIN only when it writes, the native relay at once.
    accepted.write('answer');
    t.match(await events.record(), { end: 'client-reset', endedBy: 'client' });
    accepted.write('more of it');
    t.match(await failed, /EPIPE|ECONNRESET/);
  });

  t.test(`${name}: a reset right behind the last bytes is no end in peace`, async (t) => {
    // libuv tells such a reset as an end; Node's own sockets give no way to find out.
    if (options.sockets.kind === 'plain') return;
    const backend = await startServer(t, (socket) => {
      socket.write('answer');
      setImmediate(() => socket.resetAndDestroy());
    });
    const { events, port } = await startBalancer(t, [{ backends: [backendSpec('n1', backend.port)] }], options);
    for (let i = 0; i < 20; i++) {
      // What this client hears says nothing: its own libuv turns data and a reset behind it into an end.
      t.equal((await readAll(await startClient(t, port()))).bytes.toString(), 'answer');
      t.match(await events.record(i), { end: 'backend-reset', flags: 'SD' });
    }
  });
}
