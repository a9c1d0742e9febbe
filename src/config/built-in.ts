// What holds where neither the file nor a profile says anything. A table, no logic.

import type { RawFile, RawHealthDetails, RawNode, RawService } from './raw.ts';

export const BUILT_IN_SERVICE = {
  source_address: 'none',
  balance: 'roundrobin',
  hash: { method: 'rendezvous', prefix_v4: 32, prefix_v6: 64, v4_mapped: false, bound: 'none' },
  timeouts: {
    connect: '2s',
    handshake: '10s',
    first_byte: '30s',
    establish: '15s',
    queue: '10s',
    idle: '15m',
    idle_down: '30s',
    half_closed: '1m',
    drain: '30s',
    announce: '0s',
  },
  retries: 3,
  wait_for_client: false,
  handshake_failover: false,
  passive: true,
  on_down: 'keep',
  when_all_down: 'use_all',
  slow_start: '0s',
  max_sessions: 'auto',
  max_sessions_per_backend: 'none',
  queue: 1024,
  max_sessions_per_client: 'none',
  rate_per_client: 'none',
  allow: [],
  deny: [],
  proxy_protocol: { accept: false, send: false },
  keepalive: '60s',
} as const satisfies RawService;

export const BUILT_IN_HEALTH = {
  method: 'GET',
  path: '/',
  headers: {},
  expect: { status: [200], headers: {}, json: {} },
  interval: '5s',
  fast_interval: '1s',
  timeout: '3s',
  rise: 2,
  fall: 3,
  upstream: false,
} as const satisfies RawHealthDetails;

export const BUILT_IN_NODE = { weight: 1, backup: false, state: 'ready' } as const satisfies RawNode;

export const BUILT_IN_TOP = {
  http: { listen: '127.0.0.1:8404', allow: [], page: true },
  admin: {
    socket: '/run/chargehand/admin.sock',
    mode: '0660',
    group: 'chargehand',
    state: '/var/lib/chargehand/state.json',
  },
  log: { level: 'info', sessions: 'all', format: 'auto', session_start: false },
  max_sessions: 'auto',
  relay: { kind: 'auto', threads: 'auto' },
} as const satisfies RawFile;
