// The contract's table of ends, whole: each phase × each event, with what the record says and what both sides see.

import type { Socket } from 'node:net';
import t from 'tap';
import { ENDS, type End } from '../../src/core/session-record.ts';
import type { Phase, Side } from '../../src/errors.ts';
import { backendSpec, type ServicePatch } from '../fixtures/balancer.ts';
import { healthConfig } from '../fixtures/health-config.ts';
import { WAYS } from '../fixtures/relays.ts';
import { DRAIN_MS, type Scene, type SceneOptions, type SceneStage, scene } from '../fixtures/scene.ts';
import { closedPort } from '../fixtures/tcp.ts';
import { until } from '../fixtures/until.ts';
import type { Saw } from '../fixtures/watched.ts';

interface Row {
  readonly at: SceneStage;
  readonly event: string;
  readonly patch?: ServicePatch | (() => Promise<ServicePatch>);
  readonly options?: Omit<SceneOptions, 'sockets'>;
  readonly act: (scene: Scene) => unknown;
  readonly record: readonly [end: End, endedBy: Side, phase: Phase, flags: string];
  /** What the client sees of it; left out: it has gone by itself. */
  readonly client?: Saw;
  /** What the node sees; 'never': no connection at all; left out: nothing that shows on a socket. */
  readonly node?: Saw | 'never';
}

const fin = ({ client }: Scene) => client.socket.end();
const finAfterBytes = ({ client }: Scene) => client.socket.end('bytes');
const rst = ({ client }: Scene) => client.socket.resetAndDestroy();
const nodeFin = async ({ node }: Scene) => (await node()).socket.end();
const nodeRst = async ({ node }: Scene) => (await node()).socket.resetAndDestroy();
const after =
  (ms: number) =>
  ({ clock }: Scene) =>
    clock.advance(ms);
const operator = ({ session }: Scene) => session.finish('closed-by-operator', 'proxy');
const drain = async ({ balancer, clock }: Scene) => {
  const before = clock.pending;
  const cut = balancer.drain();
  await until(() => clock.pending > before, 'the deadline of the drain');
  await clock.advance(DRAIN_MS);
  await cut;
};
/** Nobody listens on the node any more; its connections stay. */
const nodeStopsListening = async ({ backend, clock, events }: Scene) => {
  backend.server.close();
  for (let i = 0; i < 100 && events.flips.length === 0; i++) await clock.advance(1000);
};

const keepSending = (socket: Socket): void => {
  if (socket.writable) socket.write(Buffer.alloc(50_000), () => setImmediate(keepSending, socket));
};

const checked = { health: healthConfig() };
const inTheEnd = { whenAllDown: 'refuse', ...checked } satisfies ServicePatch;
const fault: Omit<SceneOptions, 'sockets'> = {
  startRelay: () => {
    throw new Error('a fault for this test');
  },
};

const rows: readonly Row[] = [
  // Before anything was read of the client's own bytes: its PROXY header.
  { at: 'header', event: 'client FIN without a byte', act: fin, record: ['client-left', 'client', 'header', 'CR'] },
  {
    at: 'header',
    event: 'client FIN in the middle of its header',
    act: ({ client }) => client.socket.end('PROXY TCP4 192.0'),
    record: ['bad-proxy-header', 'proxy', 'header', 'PR'],
    client: 'rst',
    node: 'never',
  },
  { at: 'header', event: 'client RST', act: rst, record: ['client-left', 'client', 'header', 'CR'], node: 'never' },
  {
    at: 'header',
    event: 'no header',
    act: ({ client }) => client.socket.write('GET / HTTP/1.1\r\n'),
    record: ['bad-proxy-header', 'proxy', 'header', 'PR'],
    client: 'rst',
    node: 'never',
  },
  {
    at: 'header',
    event: 'timeout',
    act: after(30_100),
    record: ['bad-proxy-header', 'proxy', 'header', 'PR'],
    client: 'rst',
    node: 'never',
  },
  {
    at: 'header',
    event: 'the address it names is denied',
    patch: { deny: ['192.0.2.0/24'] },
    act: ({ client }) => client.socket.write('PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n'),
    record: ['denied', 'proxy', 'wait', 'PC'],
    client: 'rst',
    node: 'never',
  },
  {
    at: 'header',
    event: 'the client it names may have no more sessions',
    patch: { maxSessionsPerClient: 0 },
    act: ({ client }) => client.socket.write('PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n'),
    record: ['refused', 'proxy', 'wait', 'PC'],
    client: 'rst',
    node: 'never',
  },
  { at: 'header', event: 'stop', act: drain, record: ['drained', 'proxy', 'header', 'K-'], client: 'fin' },
  {
    at: 'header',
    event: 'operator',
    act: operator,
    record: ['closed-by-operator', 'proxy', 'header', 'K-'],
    client: 'fin',
  },

  // Waiting for the client's first bytes.
  { at: 'wait', event: 'client FIN without a byte', act: fin, record: ['client-left', 'client', 'wait', 'CR'] },
  {
    at: 'wait',
    event: 'client FIN after bytes',
    act: finAfterBytes,
    record: ['completed', 'client', 'relay', '--'],
    client: 'fin',
  },
  { at: 'wait', event: 'client RST', act: rst, record: ['client-left', 'client', 'wait', 'CR'], node: 'never' },
  {
    at: 'wait',
    event: 'timeout',
    act: after(30_100),
    record: ['first-byte-timeout', 'proxy', 'wait', 'cR'],
    client: 'fin',
    node: 'never',
  },
  {
    at: 'wait',
    event: 'a PROXY header from a peer that may not',
    patch: { proxyProtocol: { accept: ['192.0.2.0/24'], send: false } },
    act: ({ client }) => client.socket.write('PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n'),
    record: ['bad-proxy-header', 'proxy', 'wait', 'PR'],
    client: 'rst',
    node: 'never',
  },
  { at: 'wait', event: 'stop', act: drain, record: ['drained', 'proxy', 'wait', 'K-'], client: 'fin', node: 'never' },
  {
    at: 'wait',
    event: 'operator',
    act: operator,
    record: ['closed-by-operator', 'proxy', 'wait', 'K-'],
    client: 'fin',
    node: 'never',
  },

  // Waiting for a place on a full backend.
  { at: 'queue', event: 'client FIN without a byte', act: fin, record: ['client-left', 'client', 'queue', 'CQ'] },
  {
    at: 'queue',
    event: 'client FIN after bytes, then a place',
    act: async (s) => {
      finAfterBytes(s);
      (await s.backend.accepted()).resetAndDestroy();
    },
    record: ['completed', 'client', 'relay', '--'],
    client: 'fin',
  },
  { at: 'queue', event: 'client RST', act: rst, record: ['client-left', 'client', 'queue', 'CQ'] },
  {
    at: 'queue',
    event: 'timeout',
    act: after(10_100),
    record: ['queue-timeout', 'proxy', 'queue', 'sQ'],
    client: 'fin',
  },
  {
    at: 'queue',
    event: 'all backends go down',
    patch: inTheEnd,
    act: nodeStopsListening,
    record: ['no-backend', 'proxy', 'dial', 'SC'],
    client: 'fin',
  },
  { at: 'queue', event: 'stop', act: drain, record: ['drained', 'proxy', 'queue', 'K-'], client: 'fin' },
  {
    at: 'queue',
    event: 'operator',
    act: operator,
    record: ['closed-by-operator', 'proxy', 'queue', 'K-'],
    client: 'fin',
  },

  // Dialling a backend that does not answer.
  {
    at: 'dial',
    event: 'client FIN without a byte',
    act: fin,
    record: ['client-left', 'client', 'dial', 'CC'],
    node: 'never',
  },
  {
    at: 'dial',
    event: 'client FIN after bytes',
    act: async (s) => {
      finAfterBytes(s);
      await s.clock.advance(2100);
    },
    record: ['dial-timeout', 'backend', 'dial', 'sC'],
    client: 'fin',
  },
  { at: 'dial', event: 'client RST', act: rst, record: ['client-left', 'client', 'dial', 'CC'], node: 'never' },
  { at: 'dial', event: 'timeout', act: after(2100), record: ['dial-timeout', 'backend', 'dial', 'sC'], client: 'fin' },
  {
    at: 'dial',
    event: 'all attempts together take too long',
    patch: { timeouts: { establishMs: 1000 } },
    act: after(1100),
    record: ['dial-timeout', 'backend', 'dial', 'sC'],
    client: 'fin',
  },
  { at: 'dial', event: 'stop', act: drain, record: ['drained', 'proxy', 'dial', 'K-'], client: 'fin', node: 'never' },
  {
    at: 'dial',
    event: 'operator',
    act: operator,
    record: ['closed-by-operator', 'proxy', 'dial', 'K-'],
    client: 'fin',
    node: 'never',
  },
  {
    at: 'wait',
    event: 'the backend refuses',
    patch: async () => ({ retries: 0, backends: [backendSpec('n', await closedPort())] }),
    act: ({ client }) => client.socket.write('x'),
    record: ['dial-failed', 'backend', 'dial', 'SC'],
    client: 'fin',
  },
  {
    at: 'wait',
    event: 'nobody is available',
    patch: { backends: [backendSpec('n', 1, { admin: 'drain' })] },
    act: ({ client }) => client.socket.write('x'),
    record: ['no-backend', 'proxy', 'dial', 'SC'],
    client: 'fin',
  },

  {
    at: 'wait',
    event: 'the backend is full, and so is the queue',
    patch: { maxSessionsPerBackend: 0, queue: 0 },
    act: ({ client }) => client.socket.write('x'),
    record: ['refused', 'proxy', 'dial', 'RC'],
    client: 'rst',
    node: 'never',
  },

  // The backend has the hello and has not answered.
  {
    at: 'handshake',
    event: 'client FIN',
    act: async (s) => {
      fin(s);
      const node = await s.node();
      await node.something();
      node.socket.end('answer');
    },
    record: ['completed', 'client', 'relay', '--'],
    client: 'fin',
  },
  {
    at: 'handshake',
    event: 'client RST',
    act: rst,
    record: ['client-reset', 'client', 'handshake', 'CD'],
    node: 'rst',
  },
  {
    at: 'handshake',
    event: 'backend FIN',
    act: nodeFin,
    record: ['handshake-failed', 'backend', 'handshake', 'SD'],
    client: 'fin',
  },
  {
    at: 'handshake',
    event: 'backend RST',
    act: nodeRst,
    record: ['handshake-failed', 'backend', 'handshake', 'SD'],
    client: 'rst',
  },
  {
    at: 'handshake',
    event: 'timeout',
    act: after(10_100),
    record: ['handshake-failed', 'backend', 'handshake', 'SD'],
    client: 'fin',
    node: 'rst',
  },
  {
    at: 'handshake',
    event: 'all attempts together take too long',
    patch: { timeouts: { establishMs: 1000 } },
    act: after(1100),
    record: ['handshake-failed', 'backend', 'handshake', 'SD'],
    client: 'fin',
    node: 'rst',
  },
  {
    at: 'handshake',
    event: 'its backend goes down, on_down: close, which is for running sessions; backend FIN',
    patch: { ...checked, onDown: 'close', timeouts: { handshakeMs: 600_000, establishMs: 600_000 } },
    act: async (s) => {
      await nodeStopsListening(s);
      await nodeFin(s);
    },
    record: ['handshake-failed', 'backend', 'handshake', 'SD'],
    client: 'fin',
  },
  {
    at: 'handshake',
    event: 'stop',
    act: drain,
    record: ['drained', 'proxy', 'handshake', 'K-'],
    client: 'fin',
    node: 'fin',
  },
  {
    at: 'handshake',
    event: 'operator',
    act: operator,
    record: ['closed-by-operator', 'proxy', 'handshake', 'K-'],
    client: 'fin',
    node: 'fin',
  },

  // The relay.
  {
    at: 'relay',
    event: 'client FIN, then backend FIN',
    act: fin,
    record: ['completed', 'client', 'relay', '--'],
    client: 'fin',
    node: 'fin',
  },
  {
    at: 'relay',
    event: 'backend FIN, then client FIN',
    act: async (s) => {
      await nodeFin(s);
      await s.client.something();
      fin(s);
    },
    record: ['completed', 'backend', 'relay', '--'],
    client: 'fin',
    node: 'fin',
  },
  { at: 'relay', event: 'client RST', act: rst, record: ['client-reset', 'client', 'relay', 'CD'], node: 'rst' },
  {
    at: 'relay',
    event: 'backend RST',
    act: nodeRst,
    record: ['backend-reset', 'backend', 'relay', 'SD'],
    client: 'rst',
  },
  {
    at: 'relay',
    event: 'timeout, with the client silent',
    act: after(901_000),
    record: ['idle-timeout', 'proxy', 'relay', 'cD'],
    client: 'fin',
    node: 'rst',
  },
  {
    at: 'relay',
    event: 'timeout, with the backend silent',
    act: async (s) => {
      const node = await s.node();
      node.socket.unpipe();
      s.client.socket.write('question');
      await until(() => s.session.bytesIn === 9, 'the question');
      await s.clock.advance(902_000);
    },
    record: ['idle-timeout', 'proxy', 'relay', 'sD'],
    client: 'fin',
    node: 'rst',
  },
  {
    at: 'relay',
    event: 'its backend has been down, and no byte',
    patch: checked,
    act: async (s) => {
      await nodeStopsListening(s);
      await s.clock.advance(31_000);
    },
    record: ['backend-down', 'proxy', 'relay', 'D-'],
    client: 'rst',
    node: 'rst',
  },
  {
    at: 'relay',
    event: 'its backend goes down, on_down: close',
    patch: { ...checked, onDown: 'close' },
    act: nodeStopsListening,
    record: ['backend-down', 'proxy', 'relay', 'D-'],
    client: 'rst',
    node: 'rst',
  },
  { at: 'relay', event: 'stop', act: drain, record: ['drained', 'proxy', 'relay', 'K-'], client: 'fin', node: 'fin' },
  {
    at: 'relay',
    event: 'operator',
    act: operator,
    record: ['closed-by-operator', 'proxy', 'relay', 'K-'],
    client: 'fin',
    node: 'fin',
  },
  {
    at: 'wait',
    event: 'a fault of ours',
    options: fault,
    act: ({ client }) => client.socket.write('x'),
    record: ['internal', 'proxy', 'relay', 'IR'],
    client: 'rst',
    node: 'rst',
  },
  {
    at: 'handshake',
    event: 'a fault of ours, at the first byte of the answer',
    options: fault,
    act: async ({ node }) => (await node()).socket.write('answer'),
    record: ['internal', 'proxy', 'relay', 'IR'],
    client: 'rst',
    node: 'rst',
  },

  // The client has sent its FIN, the backend has not.
  {
    at: 'half-closed by client',
    event: 'backend FIN',
    act: nodeFin,
    record: ['completed', 'client', 'relay', '--'],
    client: 'fin',
  },
  {
    at: 'half-closed by client',
    event: 'backend RST',
    act: nodeRst,
    record: ['backend-reset', 'backend', 'relay', 'SD'],
    client: 'rst',
  },
  {
    at: 'half-closed by client',
    event: 'client RST',
    act: async (s) => {
      rst(s);
      // After a FIN a reset shows to whoever writes.
      (await s.node()).socket.write('answer');
    },
    record: ['client-reset', 'client', 'relay', 'CD'],
  },
  {
    at: 'half-closed by client',
    event: 'timeout',
    act: after(62_000),
    record: ['half-closed-timeout', 'proxy', 'relay', 'sD'],
    client: 'fin',
  },
  {
    at: 'half-closed by client',
    event: 'its backend goes down, on_down: close',
    patch: { ...checked, onDown: 'close' },
    act: nodeStopsListening,
    record: ['backend-down', 'proxy', 'relay', 'D-'],
    client: 'rst',
  },
  {
    at: 'half-closed by client',
    event: 'stop',
    act: drain,
    record: ['drained', 'proxy', 'relay', 'K-'],
    client: 'fin',
  },
  {
    at: 'half-closed by client',
    event: 'operator',
    act: operator,
    record: ['closed-by-operator', 'proxy', 'relay', 'K-'],
    client: 'fin',
  },

  // The backend has sent its FIN, the client has not.
  {
    at: 'half-closed by backend',
    event: 'client FIN',
    act: fin,
    record: ['completed', 'backend', 'relay', '--'],
    node: 'fin',
  },
  {
    at: 'half-closed by backend',
    event: 'client RST',
    act: rst,
    record: ['client-reset', 'client', 'relay', 'CD'],
    node: 'rst',
  },
  {
    at: 'half-closed by backend',
    event: 'backend RST, then client FIN',
    act: async (s) => {
      await nodeRst(s);
      fin(s);
    },
    record: ['completed', 'backend', 'relay', '--'],
  },
  {
    at: 'half-closed by backend',
    event: 'backend RST, and the client goes on sending',
    act: async (s) => {
      await nodeRst(s);
      keepSending(s.client.socket);
    },
    record: ['backend-reset', 'backend', 'relay', 'SD'],
    client: 'rst',
  },
  {
    at: 'half-closed by backend',
    event: 'timeout',
    act: after(62_000),
    record: ['half-closed-timeout', 'proxy', 'relay', 'cD'],
    node: 'rst',
  },
  {
    at: 'half-closed by backend',
    event: 'stop',
    act: drain,
    record: ['drained', 'proxy', 'relay', 'K-'],
    node: 'fin',
  },
  {
    at: 'half-closed by backend',
    event: 'operator',
    act: operator,
    record: ['closed-by-operator', 'proxy', 'relay', 'K-'],
    node: 'fin',
  },
];

const seen = new Set<End>();

for (const way of WAYS) {
  for (const { at, event, patch = {}, options = {}, act, record, client, node } of rows) {
    t.test(`${way.name}, ${at}: ${event}`, async (t) => {
      const service = typeof patch === 'function' ? await patch() : patch;
      const s = await scene(t, at, service, { ...way.options, ...options });
      await act(s);
      const [end, endedBy, phase, flags] = record;
      const found = await s.record();
      t.match(found, { end, endedBy, phase, flags });
      if (client !== undefined) t.equal(await s.client.something(), client, 'the client sees it');
      if (node === 'never') t.equal(s.backend.sockets.length, 0, 'no connection to the node');
      else if (node !== undefined) t.equal(await (await s.node()).something(), node, 'the node sees it');
      t.equal(s.events.records.filter((r) => r.session === s.session.id).length, 1, 'one record');
      seen.add(end);
    });
  }
}

t.test('every end that the contract knows was among them', async (t) => {
  t.same([...seen].sort(), [...ENDS].sort());
});
