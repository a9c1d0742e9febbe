// Clients that came and left while a node was mute are not forgotten by it: else their sessions would stand for ever, and
// the program would be blamed.

import { connect } from 'node:net';
import t from 'tap';
import { chaosNode, PLAIN_PORT } from '../fixtures/chaos-node.ts';
import { readAll } from '../fixtures/tcp.ts';

const ADDRESS = '127.20.9.2';
const node = await chaosNode(t, ADDRESS);

t.test('who has closed its half while the node was mute is answered by a FIN when it is no more', async (t) => {
  await node.order('mute');
  const sockets = Array.from({ length: 5 }, () => connect({ host: ADDRESS, port: PLAIN_PORT, allowHalfOpen: true }));
  const answers = sockets.map((socket) => readAll(socket));
  for (const socket of sockets) socket.end();
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('finish', resolve))));
  // It changes nothing; when it is carried out, the node has read what came before it.
  await node.order('fast');
  await node.order('unmute');
  for (const { bytes } of await Promise.all(answers)) t.equal(bytes.length, 0);
});
