import type { ServerResponse } from 'node:http';
import t from 'tap';
import { EventStreams } from '../../src/control/page-events.ts';
import { ask, messagesOf, pageWithHistory, rawClient } from '../fixtures/page-server.ts';
import { serviceSnapshot } from '../fixtures/service-snapshot.ts';
import { until } from '../fixtures/until.ts';

const EVENTS = 'GET /events HTTP/1.1\r\nhost: localhost\r\n\r\n';

t.test('16 streams; one more is told so, and a place that is given back is used', async (t) => {
  const { server, port } = await pageWithHistory(() => [serviceSnapshot()], t.testdir({}));
  const held = Array.from({ length: 16 }, () => rawClient(port, EVENTS));
  await until(() => held.every((client) => messagesOf(client).length === 1), 'all have their first message');
  t.match(await ask(port, '/events'), { status: 503, text: /^16 pages are open/, headers: { 'retry-after': '10' } });
  t.match(await ask(port, '/metrics'), { status: 200 }, 'the rest goes on answering');
  held[0]?.socket.destroy();
  const last = () => rawClient(port, EVENTS);
  let next = last();
  // The server may notice a moment later.
  await until(() => {
    if (messagesOf(next).length > 0) return true;
    if (next.received().includes('503')) next = last();
    return false;
  }, 'a place is free again');
  await server.close();
});

t.test('who reads slowly misses messages, gets the newest later, and is cut when it stays slow', async (t) => {
  const big = 'x'.repeat(2 * 1024 * 1024);
  const { server, port, clock } = await pageWithHistory(() => [serviceSnapshot({ service: big })], t.testdir({}));
  const reader = rawClient(port, EVENTS);
  await until(() => messagesOf(reader).length === 1, 'the reader has a message');
  const deaf = rawClient(port, EVENTS);
  deaf.socket.pause();
  const sockets = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
  await until(() => sockets() === 4, 'both are connected');
  for (let sample = 2; sockets() === 4 && sample < 20; sample++) {
    await clock.advance(3000);
    await until(() => messagesOf(reader).length === sample, `message ${sample} for the one that reads`);
  }
  await until(() => sockets() < 4, 'the one that does not read is cut');
  t.notOk(reader.socket.destroyed, 'the other goes on');
  deaf.socket.destroy();
  await server.close();
});

t.test('never more than one message waits for a reader', async (t) => {
  const written: string[] = [];
  let destroyed = false;
  const listeners: (() => void)[] = [];
  const response = {
    writableLength: 0,
    writeHead: () => {},
    write: (text: string) => written.push(text),
    once: (_name: string, listener: () => void) => listeners.push(listener),
    destroy: () => {
      destroyed = true;
      for (const listener of listeners) listener();
    },
  };
  let number = 0;
  const streams = new EventStreams({ message: () => String(++number), most: 1 });
  streams.open(response as unknown as ServerResponse);
  t.ok(streams.full);
  streams.send();
  t.same(written, ['data: 1\n\n', 'data: 2\n\n']);
  response.writableLength = 9;
  streams.send();
  streams.send();
  t.equal(written.length, 2, 'nothing more is written while something waits');
  response.writableLength = 0;
  streams.send();
  t.equal(written.at(-1), 'data: 5\n\n', 'it read, and has the newest');
  response.writableLength = 9;
  for (let i = 0; i < 2; i++) streams.send();
  t.notOk(destroyed);
  streams.send();
  t.ok(destroyed, 'three in a row');
  t.equal(streams.size, 0);
  streams.send();
  t.equal(number, 8, 'no message is made for nobody');
});
