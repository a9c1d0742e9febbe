// The bare pipe as a program: `node bare-pipe-server.mjs PORT,… ADDRESS:PORT,…`. Plain JavaScript, so that it runs on
// every Node that is compared.

import net from 'node:net';

const [ports, nodes] = process.argv.slice(2).map((list) => list.split(','));
const targets = nodes.map((node) => ({ host: node.split(':')[0], port: Number(node.split(':')[1]) }));
let turn = 0;

const server = () =>
  net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const target = targets[turn++ % targets.length];
    const backend = net.connect({ ...target, autoSelectFamily: false, allowHalfOpen: true, noDelay: true });
    client.on('error', () => backend.destroy());
    backend.on('error', () => client.destroy());
    client.pipe(backend);
    backend.pipe(client);
  });

for (const port of ports) server().listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 });
