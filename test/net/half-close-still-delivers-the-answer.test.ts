import { once } from 'node:events';
import t from 'tap';
import { backendSpec, startBalancer } from '../fixtures/balancer.ts';
import { WAYS } from '../fixtures/relays.ts';
import { readAll, seededBytes, startClient, startServer } from '../fixtures/tcp.ts';

const SIZE = 10_000_000;

for (const { name, options } of WAYS) {
  t.test(`${name}: a client that has said all it has to say gets the whole of a long answer`, async (t) => {
    const answer = seededBytes(1, SIZE);
    const backend = await startServer(t, (socket) => {
      socket.resume();
      socket.once('end', () => socket.end(answer));
    });
    const { events, port } = await startBalancer(t, [{ backends: [backendSpec('n1', backend.port)] }], options);
    const client = await startClient(t, port());
    client.end('question');
    const heard = await readAll(client);
    t.ok(heard.bytes.equals(answer), 'all bytes, in order');
    t.equal(heard.how, 'fin');
    t.match(await events.record(), { end: 'completed', endedBy: 'client', bytesIn: 8, bytesOut: SIZE });
  });

  t.test(`${name}: a backend that has said all it has to say still gets a long upload`, async (t) => {
    const upload = seededBytes(2, SIZE);
    const backend = await startServer(t, (socket) => socket.end('enough'));
    const { events, port } = await startBalancer(t, [{ backends: [backendSpec('n1', backend.port)] }], options);
    const client = await startClient(t, port());
    const heard = await readAll(client);
    t.equal(heard.bytes.toString(), 'enough');
    const received = readAll(await backend.accepted());
    client.end(upload);
    t.ok((await received).bytes.equals(upload), 'all bytes, in order');
    t.match(await events.record(), { end: 'completed', endedBy: 'backend', bytesIn: SIZE, bytesOut: 6 });
  });

  t.test(`${name}: a slow reader gets every byte before the FIN`, async (t) => {
    // As much as the kernel's buffers on the way may take without a reader.
    const answer = seededBytes(3, 1_000_000);
    const backend = await startServer(t, (socket) => {
      socket.once('data', () => socket.end(answer));
    });
    const { port } = await startBalancer(t, [{ backends: [backendSpec('n1', backend.port)] }], options);
    const client = await startClient(t, port());
    client.pause();
    client.write('question');
    // The backend is done with it long before the client begins to read.
    await once(await backend.accepted(), 'finish');
    const heard = await readAll(client);
    t.ok(heard.bytes.equals(answer), 'all bytes, in order');
    t.equal(heard.how, 'fin');
  });
}
