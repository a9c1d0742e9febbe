// The nine ports of Foreman 1.17 and Katello 3.6. A table, no logic.

import type { ProfileRow } from './profile.ts';

/** A plain web server is well when it answers at all. */
const ANY_ANSWER = { type: 'http', path: '/', expect: { status: [] } } as const;

export const FOREMAN_2018: readonly ProfileRow[] = [
  {
    name: 'http',
    presence: 'always',
    service: { listen: 80, port: 80, balance: 'roundrobin', wait_for_client: true, health: ANY_ANSWER },
  },
  {
    name: 'anaconda',
    presence: 'always',
    service: { listen: 8000, port: 8000, balance: 'roundrobin', wait_for_client: true, health: ANY_ANSWER },
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
      // Katello 3.6 has no status page of Pulp 3.
      health: { type: 'tls' },
    },
  },
  {
    name: 'rhsm',
    presence: 'always',
    service: {
      listen: 8443,
      port: 8443,
      balance: 'roundrobin',
      wait_for_client: true,
      handshake_failover: true,
      health: { type: 'tls' },
    },
  },
  {
    name: 'amqp',
    presence: 'always',
    service: {
      listen: 5647,
      port: 5647,
      balance: 'source',
      wait_for_client: true,
      handshake_failover: true,
      health: 'tcp',
      // An agent waits here for hours without a byte.
      timeouts: { idle: '12h' },
    },
  },
  {
    name: 'puppet',
    presence: 'always',
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
    presence: 'always',
    // Two nodes that sign corrupt the CA: this one never goes anywhere else.
    pinnedToCa: true,
    service: { listen: 8141, port: 8140, balance: 'pinned', wait_for_client: true, health: 'puppet-ca' },
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
      // Smart Proxies of that time know no `registration`; what else runs on a node is its own affair.
      health: { probe: 'smart-proxy', expect: { json: { $: { contains: [] } } } },
    },
  },
  {
    name: 'docker',
    presence: 'always',
    service: {
      listen: 5000,
      port: 5000,
      balance: 'roundrobin',
      wait_for_client: true,
      handshake_failover: true,
      health: { type: 'tls' },
    },
  },
];
