import t from 'tap';
import type { ServiceConfig } from '../../src/config/config.ts';
import { configOf, NODES, serviceOf } from '../fixtures/config-text.ts';

t.test('a service of one line', (t) => {
  const expected: ServiceConfig = {
    name: 'web',
    listen: [{ kind: 'tcp', host: undefined, port: 443, ipv6Only: false }],
    backends: [
      { node: 'a', host: '192.0.2.1', port: 443, weight: 1, backup: false, admin: 'ready' },
      { node: 'b', host: '192.0.2.2', port: 443, weight: 1, backup: false, admin: 'ready' },
    ],
    sourceAddress: undefined,
    balance: { strategy: 'roundrobin' },
    timeouts: {
      connectMs: 2_000,
      handshakeMs: 10_000,
      firstByteMs: 30_000,
      establishMs: 15_000,
      queueMs: 10_000,
      idleMs: 900_000,
      idleDownMs: 30_000,
      halfClosedMs: 60_000,
      drainMs: 30_000,
      announceMs: 0,
    },
    retries: 3,
    waitForClient: false,
    handshakeFailover: false,
    health: {
      name: 'tcp',
      type: 'tcp',
      port: undefined,
      method: 'GET',
      path: '/',
      headers: {},
      expect: { status: [], contains: undefined, headers: {}, json: {} },
      intervalMs: 5_000,
      fastIntervalMs: 1_000,
      timeoutMs: 3_000,
      rise: 2,
      fall: 3,
      ca: undefined,
      cert: undefined,
      key: undefined,
      servername: undefined,
      upstream: false,
    },
    passive: true,
    onDown: 'keep',
    whenAllDown: 'use_all',
    slowStartMs: 0,
    maxSessions: undefined,
    maxSessionsPerBackend: undefined,
    queue: 1024,
    maxSessionsPerClient: undefined,
    ratePerClient: undefined,
    allow: [],
    deny: [],
    proxyProtocol: { accept: [], send: false },
    keepaliveMs: 60_000,
  };
  t.strictSame(serviceOf(`${NODES}services: { web: { listen: 443 } }\n`, 'web'), expected);
  t.end();
});

t.test('a file of its least parts', (t) => {
  const { services: _services, ...rest } = configOf(`${NODES}services: { web: { listen: 443 } }\n`);
  t.strictSame(rest, {
    file: 'f',
    name: undefined,
    profile: undefined,
    caNode: undefined,
    nodes: [
      { name: 'a', host: '192.0.2.1' },
      { name: 'b', host: '192.0.2.2' },
    ],
    http: { host: '127.0.0.1', port: 8404, allow: [], page: true },
    admin: {
      socket: '/run/chargehand/admin.sock',
      mode: 0o660,
      group: 'chargehand',
      state: '/var/lib/chargehand/state.json',
      given: false,
    },
    haproxy: undefined,
    log: { level: 'info', sessions: 'all', format: 'auto', sessionStart: false },
    relay: { kind: 'auto', threads: 'auto' },
    doctor: undefined,
    maxSessions: 'auto',
  });
  t.end();
});

t.test('source hashes by rendezvous over /32 and /64', (t) => {
  t.strictSame(serviceOf(`${NODES}services: { web: { listen: 443, balance: source } }\n`, 'web').balance, {
    strategy: 'source',
    hash: { method: 'rendezvous', prefixV4: 32, prefixV6: 64, v4Mapped: false, bound: undefined },
  });
  t.end();
});

t.test('every key, written', (t) => {
  const text = `version: 1
name: lb.example.net
nodes:
  a: { address: 192.0.2.1, weight: 3, backup: true, state: drain, ports: { web: 8443 } }
  b: { address: b.example.net, state: maint }
services:
  web:
    listen: ["192.0.2.9:443", "[2001:DB8::9]:443", "unix:/run/web.sock", "systemd:web"]
    port: 9443
    nodes: [b, a]
    source_address: 192.0.2.8
    balance: source
    hash: { method: haproxy, prefix_v4: 24, prefix_v6: 56, v4_mapped: true }
    timeouts: { connect: 100ms, handshake: 1s, first_byte: 2s, establish: 3s, queue: 4s, idle: 2h, idle_down: 5s, half_closed: 6s, drain: 7s, announce: 8s }
    retries: 0
    wait_for_client: true
    handshake_failover: true
    health: false
    passive: false
    on_down: close
    when_all_down: refuse
    slow_start: 1m
    max_sessions: 5
    max_sessions_per_backend: 6
    queue: 0
    max_sessions_per_client: 7
    rate_per_client: 90/m
    allow: [192.0.2.0/24]
    deny: ["2001:db8::1"]
    proxy_protocol: { accept: [10.0.0.0/8], send: v2 }
    keepalive: false
http: { listen: "[::1]:9000", allow: [192.0.2.0/24], page: false }
log: { level: debug, sessions: failed, format: json, session_start: true }
max_sessions: 1000
`;
  const config = configOf(text);
  t.strictSame(config.http, { host: '::1', port: 9000, allow: ['192.0.2.0/24'], page: false });
  t.strictSame(config.log, { level: 'debug', sessions: 'failed', format: 'json', sessionStart: true });
  t.equal(config.maxSessions, 1000);
  t.equal(config.name, 'lb.example.net');
  t.strictSame(config.services, [
    {
      name: 'web',
      listen: [
        { kind: 'tcp', host: '192.0.2.9', port: 443, ipv6Only: false },
        { kind: 'tcp', host: '2001:db8::9', port: 443, ipv6Only: false },
        { kind: 'unix', path: '/run/web.sock' },
        { kind: 'systemd', name: 'web' },
      ],
      backends: [
        { node: 'b', host: 'b.example.net', port: 9443, weight: 1, backup: false, admin: 'maint' },
        { node: 'a', host: '192.0.2.1', port: 8443, weight: 3, backup: true, admin: 'drain' },
      ],
      sourceAddress: '192.0.2.8',
      balance: {
        strategy: 'source',
        hash: { method: 'haproxy', prefixV4: 24, prefixV6: 56, v4Mapped: true, bound: undefined },
      },
      timeouts: {
        connectMs: 100,
        handshakeMs: 1_000,
        firstByteMs: 2_000,
        establishMs: 3_000,
        queueMs: 4_000,
        idleMs: 7_200_000,
        idleDownMs: 5_000,
        halfClosedMs: 6_000,
        drainMs: 7_000,
        announceMs: 8_000,
      },
      retries: 0,
      waitForClient: true,
      handshakeFailover: true,
      health: false,
      passive: false,
      onDown: 'close',
      whenAllDown: 'refuse',
      slowStartMs: 60_000,
      maxSessions: 5,
      maxSessionsPerBackend: 6,
      queue: 0,
      maxSessionsPerClient: 7,
      ratePerClient: { perSecond: 1.5, burst: 90 },
      allow: ['192.0.2.0/24'],
      deny: ['2001:db8::1'],
      proxyProtocol: { accept: ['10.0.0.0/8'], send: 'v2' },
      keepaliveMs: false,
    },
  ] satisfies ServiceConfig[]);
  t.end();
});

t.test('a range is one listener a port, and its backends have the port that was dialled', (t) => {
  const range = serviceOf(`${NODES}services: { ftp: { listen: "8000-8002" } }\n`, 'ftp');
  t.same(
    range.listen.map((at) => (at.kind === 'tcp' ? at.port : at.kind)),
    [8000, 8001, 8002],
  );
  t.same(
    range.backends.map(({ port }) => port),
    [undefined, undefined],
  );
  const fixed = serviceOf(`${NODES}services: { ftp: { listen: "127.0.0.1:8000-8001", port: 21 } }\n`, 'ftp');
  t.same(fixed.listen.length, 2);
  t.equal(fixed.backends[0]?.port, 21);
  t.end();
});

t.test('a pinned service has one backend', (t) => {
  const ca = serviceOf(`${NODES}services: { ca: { listen: 8141, port: 8140, balance: pinned, node: b } }\n`, 'ca');
  t.strictSame(ca.balance, { strategy: 'pinned', node: 'b' });
  t.strictSame(ca.backends, [{ node: 'b', host: '192.0.2.2', port: 8140, weight: 1, backup: false, admin: 'ready' }]);
  t.end();
});

t.test('nodes and services keep the order of the file, also those that look like numbers', (t) => {
  const config = configOf(`version: 1
nodes: { "9": 192.0.2.9, x: 192.0.2.10, "1": 192.0.2.1 }
services: { "80": { listen: 80 }, b: { listen: 81 }, "20": { listen: 20 } }
`);
  t.same(
    config.nodes.map(({ name }) => name),
    ['9', 'x', '1'],
  );
  t.same(
    config.services.map(({ name }) => name),
    ['80', 'b', '20'],
  );
  t.same(
    config.services[0]?.backends.map(({ node }) => node),
    ['9', 'x', '1'],
  );
  t.end();
});

t.test('nobody can change a configuration', (t) => {
  const config = configOf(`${NODES}services: { web: { listen: [80, 81], port: 1 } }\n`);
  const open: string[] = [];
  const look = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return;
    if (!Object.isFrozen(value)) open.push(path);
    for (const [key, inner] of Object.entries(value)) look(inner, `${path}.${key}`);
  };
  look(config, 'config');
  t.same(open, []);
  t.end();
});
