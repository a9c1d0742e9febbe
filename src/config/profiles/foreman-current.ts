// Today's Smart Proxies, as the current Foreman documentation has them. A table, no logic.

import type { ProfileRow } from './profile.ts';

export const FOREMAN_CURRENT: readonly ProfileRow[] = [
  {
    name: 'http',
    presence: 'always',
    // `source`: a client finds its repositories on the same node by http and by https.
    service: { listen: 80, port: 80, balance: 'source', wait_for_client: true, health: 'apache' },
  },
  {
    name: 'https',
    presence: 'always',
    service: {
      listen: 443,
      port: 443,
      // Each node may hold its own generation of the metadata: a client stays on its node.
      balance: 'source',
      wait_for_client: true,
      handshake_failover: true,
      health: 'pulp',
    },
  },
  {
    name: 'templates',
    presence: 'always',
    service: { listen: 8000, port: 8000, balance: 'roundrobin', wait_for_client: true, health: 'templates' },
  },
  {
    name: 'smart-proxy',
    presence: 'always',
    service: {
      listen: 9090,
      port: 9090,
      balance: 'roundrobin',
      wait_for_client: true,
      handshake_failover: true,
      health: 'smart-proxy',
      // WEBrick serves 100 at a time and leaves the rest hanging in the kernel's backlog.
      max_sessions_per_backend: 90,
      timeouts: { queue: '60s' },
    },
  },
  {
    name: 'puppet',
    presence: 'with-ca-node',
    service: {
      listen: 8140,
      port: 8140,
      balance: 'roundrobin',
      wait_for_client: true,
      handshake_failover: true,
      health: 'puppetserver',
    },
  },
  {
    name: 'puppet-ca',
    presence: 'with-ca-node',
    // Two nodes that sign corrupt the CA: this one never goes anywhere else.
    pinnedToCa: true,
    service: { listen: 8141, port: 8140, balance: 'pinned', wait_for_client: true, health: 'puppet-ca' },
  },
  {
    name: 'mqtt',
    presence: 'on-request',
    service: {
      listen: 1883,
      port: 1883,
      balance: 'source',
      wait_for_client: true,
      handshake_failover: true,
      health: 'mqtt',
      // Hosts wait here for a job that may come tomorrow.
      timeouts: { idle: '12h' },
    },
  },
];
