// Sockets that the process was started with, by systemd or by the process before it: once closed, their numbers mean
// nothing any more.

import { readdirSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import type { ListenAddress } from '../../src/config/config.ts';
import { backendSpec, configWith, startBalancer } from '../fixtures/balancer.ts';
import { passedSocket } from '../fixtures/passed-socket.ts';
import { freePorts } from '../fixtures/real-haproxy.ts';
import { echo, readAll, startServer } from '../fixtures/tcp.ts';

const tcp = (port: number, host = '127.0.0.1'): ListenAddress => ({ kind: 'tcp', host, port, ipv6Only: false });
const HTTPS: ListenAddress = { kind: 'systemd', name: 'https' };

/** Says a word and tells what comes back; `(code)`: how it failed. */
async function talk(port: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  const heard = readAll(socket);
  socket.end('word');
  const { bytes, how } = await heard;
  socket.destroy();
  return how === 'fin' ? bytes.toString() : `(${how})`;
}

/** A balancer that was started with these sockets and listens there. `listen`: puts other addresses into effect. */
async function started(t: Test, first: readonly ListenAddress[], inherited: ReadonlyMap<string, number>) {
  const backend = await startServer(t, echo);
  const services = (listen: readonly ListenAddress[]) => [{ listen, backends: [backendSpec('n', backend.port)] }];
  const { balancer, events } = await startBalancer(t, services(first), { inherited });
  return {
    balancer,
    events,
    listen: (listen: readonly ListenAddress[]) => balancer.apply(configWith(services(listen))),
  };
}

t.test('an address that a reload drops and the next brings back is bound anew', async (t) => {
  const [kept = 0, port = 0] = await freePorts(2);
  const inherited = new Map([[`127.0.0.1:${port}`, passedSocket({ port })]]);
  const { listen } = await started(t, [tcp(kept), tcp(port)], inherited);
  t.equal(await talk(port), 'word', 'on the socket that was passed');
  await listen([tcp(kept)]);
  t.equal(await talk(port), '(ECONNREFUSED)');
  await listen([tcp(kept), tcp(port)]);
  t.equal(await talk(port), 'word');
});

t.test('a reload that is refused leaves an inherited address as it was', async (t) => {
  const [port = 0] = await freePorts(1);
  const inherited = new Map([[`127.0.0.1:${port}`, passedSocket({ port })]]);
  const { listen } = await started(t, [tcp(port)], inherited);
  // In the way of all addresses of the port, for which the inherited one is closed before.
  await startServer(t, echo, { host: '127.0.0.5', port });
  await t.rejects(listen([tcp(port, '0.0.0.0')]), {
    message: /^service test: cannot listen on 0\.0\.0\.0:\d+: the port is taken[^\n]*$/,
  });
  t.equal(await talk(port), 'word');
});

t.test("systemd's socket, given up by a reload, is said to need a restart", async (t) => {
  const [kept = 0, port = 0] = await freePorts(2);
  const { listen } = await started(t, [tcp(kept), HTTPS], new Map([['systemd:https', passedSocket({ port })]]));
  t.equal(await talk(port), 'word');
  await listen([tcp(kept)]);
  await t.rejects(listen([tcp(kept), HTTPS]), {
    code: 'no-systemd-socket',
    message: /systemd:https: a reload that took it out of the file gave its socket up; .* restart/,
  });
  t.equal(await talk(kept), 'word', 'and nothing has changed');
});

t.test("systemd's socket is still there after a reload that was refused for another address", async (t) => {
  const [kept = 0, port = 0] = await freePorts(2);
  const { port: taken } = await startServer(t, echo);
  const { listen } = await started(t, [tcp(kept)], new Map([['systemd:https', passedSocket({ port })]]));
  await t.rejects(listen([tcp(kept), HTTPS, tcp(taken)]), { code: 'EADDRINUSE' });
  // And where it turns out only after a listener was closed that another one has to replace.
  await startServer(t, echo, { host: '127.0.0.5', port: kept });
  await t.rejects(listen([HTTPS, tcp(kept, '0.0.0.0')]), { code: 'EADDRINUSE' });
  await listen([tcp(kept), HTTPS]);
  t.equal(await talk(port), 'word');
});

t.test('an inherited socket that the file no longer has is closed when the others listen', async (t) => {
  const [kept = 0, dropped = 0, fresh = 0] = await freePorts(3);
  const fd = passedSocket({ port: dropped });
  const socket = readlinkSync(`/proc/self/fd/${fd}`);
  const inherited = new Map([
    [`127.0.0.1:${dropped}`, fd],
    [`127.0.0.1:${kept}`, passedSocket({ port: kept })],
  ]);
  const { balancer, events } = await started(t, [tcp(kept), tcp(fresh)], inherited);
  t.notOk(ours().includes(socket), 'the kernel would go on accepting for it');
  t.notOk(balancer.descriptors().has(`127.0.0.1:${dropped}`), 'nor is it passed on');
  t.same(events.notices, []);
  for (const port of [kept, fresh]) t.equal(await talk(port), 'word');
});

t.test(
  "a socket of systemd's that nothing listens on is told, and kept for a later file and a later process",
  async (t) => {
    const [kept = 0, port = 0] = await freePorts(2);
    const fd = passedSocket({ port });
    const { balancer, events, listen } = await started(t, [tcp(kept)], new Map([['systemd:https', fd]]));
    t.match(events.notices, [/^no service listens on systemd:https, which systemd passed/]);
    t.equal(balancer.descriptors().get('systemd:https'), fd);
    await listen([HTTPS]);
    t.equal(await talk(port), 'word');
  },
);

/** What the descriptors of this process are. */
function ours(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      // The one that read the folder.
      return [];
    }
  });
}
