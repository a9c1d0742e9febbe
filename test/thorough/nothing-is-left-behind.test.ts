// After thousands of sessions of every kind of ending: open handles, counts and memory are back where they were.
// CHARGEHAND_LONG=1 runs ten times as many.

import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { ENDS, type End } from '../../src/core/session-record.ts';
import { keptHelloBytes } from '../../src/net/early-data.ts';
import { largeBufferBytes } from '../../src/net/read-buffer.ts';
import { backendSpec, type Running, startBalancer } from '../fixtures/balancer.ts';
import { memoryHeld } from '../fixtures/garbage.ts';
import { type ManualClock, manualClock } from '../fixtures/manual-clock.ts';
import { PIPES, WAYS, type Way } from '../fixtures/relays.ts';
import { silentPort } from '../fixtures/silent-port.ts';
import { closedPort } from '../fixtures/tcp.ts';
import { helloMessage, inRecords } from '../fixtures/tls-hello.ts';
import { until } from '../fixtures/until.ts';

const LONG = process.env['CHARGEHAND_LONG'] === '1';
const SESSIONS = LONG ? 50_000 : 2_500;
const AT_ONCE = 100;
const HELLO = inRecords(helloMessage({ extensions: [] }), [1000]);
const BULK = Buffer.alloc(300_000, 'bulk');

t.setTimeout(LONG ? 600_000 : 120_000);

/** The backends' ends of all sessions. */
const open = new Set<Socket>();

/** A backend that keeps nothing of its connections. */
async function forgetful(t: Test, serve: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.on('error', () => {}).on('close', () => open.delete(socket));
    serve(socket);
  });
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  t.teardown(() => server.close());
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
}

/** What a client does with one service; it is over when the client's socket is closed. */
interface Kind {
  readonly service: string;
  readonly act: (socket: Socket) => void;
}

const end = (socket: Socket) => socket.once('end', () => socket.end());

const KINDS: readonly Kind[] = [
  { service: 'echo', act: (s) => s.end('short') },
  { service: 'echo', act: (s) => s.end(BULK) },
  { service: 'echo', act: (s) => s.write('x', () => s.once('data', () => s.resetAndDestroy())) },
  { service: 'resets', act: (s) => s.write('x') },
  { service: 'early', act: (s) => s.resetAndDestroy() },
  { service: 'early', act: (s) => s.end() },
  { service: 'early', act: (s) => end(s).write(HELLO.subarray(0, 20)) },
  { service: 'closed', act: end },
  { service: 'silent', act: end },
  { service: 'silent', act: (s) => end(s).write(BULK) },
  { service: 'nobody', act: end },
  { service: 'hello', act: (s) => s.once('data', () => s.end()).write(HELLO) },
  { service: 'no answer', act: (s) => end(s).write(HELLO) },
  { service: 'refused', act: end },
  { service: 'denied', act: end },
  { service: 'header', act: (s) => s.write('no header') },
  { service: 'queue', act: end },
  { service: 'idle', act: end },
  { service: 'half-closed', act: (s) => s.end('x') },
  { service: 'stopped', act: (s) => end(s).write('x') },
];

async function start(t: Test, clock: ManualClock, options: Way['options']): Promise<Running> {
  const echo = await forgetful(t, (socket) => socket.pipe(socket));
  const resets = await forgetful(t, (socket) => socket.once('data', () => socket.resetAndDestroy()));
  const closes = await forgetful(t, (socket) =>
    socket.once('data', () => socket.end()).once('end', () => socket.end()),
  );
  const still = await forgetful(t, (socket) => socket.resume());
  const tls = { waitForClient: true, handshakeFailover: true };
  const one = (port: number) => [backendSpec('n', port)];
  const two = (port: number) => [backendSpec('n', port), backendSpec('m', port)];
  const closed = await closedPort();
  const fast = { firstByteMs: 1000, queueMs: 1000, idleMs: 1000, halfClosedMs: 1000, connectMs: 1000 };
  return startBalancer(
    t,
    [
      { name: 'echo', backends: one(echo), ratePerClient: { perSecond: 1e6, burst: 1e6 } },
      { name: 'resets', backends: two(resets), maxSessionsPerClient: 1000 },
      { name: 'early', ...tls, backends: one(echo), timeouts: fast },
      { name: 'closed', retries: 1, backends: two(closed) },
      { name: 'silent', retries: 0, backends: one(await silentPort(t)), timeouts: fast },
      { name: 'nobody', backends: [] },
      { name: 'hello', ...tls, backends: one(echo) },
      { name: 'no answer', ...tls, backends: two(closes) },
      { name: 'refused', maxSessions: 0, backends: one(echo) },
      { name: 'denied', deny: ['127.0.0.0/8'], backends: one(echo) },
      { name: 'header', proxyProtocol: { accept: ['127.0.0.0/8'], send: 'v2' }, backends: one(echo) },
      { name: 'queue', maxSessionsPerBackend: 0, backends: one(echo), timeouts: fast },
      { name: 'idle', backends: one(echo), timeouts: fast },
      { name: 'half-closed', backends: one(still), timeouts: fast },
      { name: 'stopped', backends: one(echo) },
    ],
    { clock, ...options },
  );
}

/** What each descriptor of this process is. */
function descriptors(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      // The one that the list was read with.
      return [];
    }
  });
}

const pipeEnds = () => descriptors().filter((what) => what.startsWith('pipe:')).length;

for (const { name, options } of WAYS) {
  t.test(`${name}: ${SESSIONS} sessions`, async (t) => {
    const clock = manualClock();
    const { balancer, events, port } = await start(t, clock, options);
    const seen = new Set<End>();

    /** So many sessions, of all kinds in turn, `AT_ONCE` at a time. */
    const run = async (sessions: number): Promise<void> => {
      for (let done = 0; done < sessions; done += AT_ONCE) {
        let coming = AT_ONCE;
        for (let i = 0; i < AT_ONCE; i++) {
          const { service, act } = KINDS[(done + i) % KINDS.length] as Kind;
          const socket = connect({ host: '127.0.0.1', port: port(service), allowHalfOpen: true });
          socket.on('error', () => {}).on('close', () => coming--);
          socket.once('connect', () => act(socket));
          socket.resume();
        }
        await until(
          () => [...balancer.sessions].some(({ phase }) => phase === 'relay') || coming < AT_ONCE,
          'sessions',
        );
        for (const session of balancer.sessions) {
          if (session.host.config.name === 'stopped') session.finish('closed-by-operator', 'proxy');
        }
        await until(() => {
          // Its timeouts pass while the others run.
          void clock.advance(1000);
          for (const session of balancer.sessions) {
            if (session.host.config.name === 'stopped') session.finish('closed-by-operator', 'proxy');
          }
          return coming === 0 && balancer.sessions.size === 0;
        }, 'the end of all');
        // A backend that had its client's FIN does not notice that it is gone.
        for (const socket of open) socket.destroy();
        await until(() => open.size === 0, "the backends' ends");
        for (const record of events.records.splice(0)) seen.add(record.end);
        events.failures.length = 0;
        events.failovers.length = 0;
      }
    };
    const handles = () => {
      const kinds: Record<string, number> = {};
      for (const kind of process.getActiveResourcesInfo()) kinds[kind] = (kinds[kind] ?? 0) + 1;
      // The runner's own come and go.
      const { TCPSocketWrap = 0, TCPServerWrap = 0 } = kinds;
      return { TCPSocketWrap, TCPServerWrap, descriptors: descriptors().length - pipeEnds() };
    };

    // Everything has run once, and what is kept for the next session is kept.
    await run(2 * AT_ONCE);
    const pipesBefore = pipeEnds();
    const before = { handles: handles(), memory: await memoryHeld() };
    await run(SESSIONS / 2);
    const halfway = await memoryHeld();
    await run(SESSIONS / 2);
    await until(() => handles().descriptors <= before.handles.descriptors, 'closed descriptors');
    const after = { handles: handles(), memory: await memoryHeld() };
    t.same(after.handles, before.handles, 'open handles');
    // The native relay keeps some for the next session.
    t.ok(pipeEnds() - pipesBefore <= 2 * PIPES, 'pipes');
    // What sessions leave behind grows in both halves; what the runtime compiles and learns grows in the first.
    const growth = (from: number, via: number, to: number) => Math.min(via - from, to - via) / (SESSIONS / 2);
    const heap = growth(before.memory.heap, halfway.heap, after.memory.heap);
    const buffers = growth(before.memory.buffers, halfway.buffers, after.memory.buffers);
    t.comment(`${heap.toFixed(1)} bytes of heap, ${buffers.toFixed(1)} of buffers for each session`);
    t.ok(heap < 200, 'less than anything that a session could leave');
    t.ok(buffers < 200);
    for (const { service, waiting, queued, backends } of balancer.snapshot()) {
      t.equal(waiting + queued, 0, service);
      for (const { active, queued } of backends) t.equal(active + queued, 0);
    }
    t.equal(keptHelloBytes(), 0);
    t.equal(largeBufferBytes(), 0);
    // These take a stop or a health check, which every-end has.
    const others: readonly End[] = ['drained', 'backend-down', 'internal'];
    t.same([...seen].sort(), ENDS.filter((e) => !others.includes(e)).sort(), 'of every kind');
  });
}
