// The ready probes: what can be asked of a Smart Proxy without a client certificate. A table, no logic; each key of a
// probe can be changed in the file: `health: { probe: pulp, expect: { json: { storage.free: { min: 10000000000 } } } }`.

import type { RawHealthDetails } from './raw.ts';

export const PROBE_NAMES = [
  'pulp',
  'smart-proxy',
  'puppetserver',
  'puppet-ca',
  'registry',
  'templates',
  'mqtt',
  'apache',
] as const;
export type ProbeName = (typeof PROBE_NAMES)[number];

export const NAMED_PROBES: Readonly<Record<ProbeName, RawHealthDetails>> = {
  // Pulp answers 200 while its database is down, and while nothing serves content.
  pulp: {
    type: 'https',
    path: '/pulp/api/v3/status/',
    expect: { json: { 'database_connection.connected': true, online_content_apps: 'not_empty' } },
  },
  // The features that run: a plugin that failed to start is missing from the list.
  'smart-proxy': {
    type: 'https',
    path: '/features',
    expect: { json: { $: { contains: ['registration', 'templates'] } } },
  },
  // 503 with `error` or `unknown` while Java runs and JRuby doesn't.
  puppetserver: { type: 'https', path: '/status/v1/simple', expect: { contains: 'running' } },
  // Only a CA has the certificate of the CA to give.
  'puppet-ca': {
    type: 'https',
    path: '/puppet-ca/v1/certificate/ca',
    expect: { contains: '-----BEGIN CERTIFICATE-----' },
  },
  // Nobody has logged in: 401 is the healthy answer. A client fetches its token where the realm says: through the balancer.
  registry: {
    type: 'https',
    path: '/v2/',
    expect: {
      status: [401],
      headers: { 'docker-distribution-api-version': 'registry/2', 'www-authenticate': '{name}' },
    },
  },
  // The node's own list, not /unattended/*: those ask the central Foreman, which fails for all nodes at once.
  templates: { type: 'http', path: '/features', expect: { json: { $: { contains: ['templates'] } } } },
  mqtt: { type: 'tls' },
  apache: { type: 'http', path: '/pub/katello-server-ca.crt' },
};
