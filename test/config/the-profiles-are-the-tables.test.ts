// PRODUCT.md's rows, written out once more: a profile that changes by accident fails here.

import t from 'tap';
import type { HealthConfig } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/load.ts';
import { normalizeHealth } from '../../src/config/normalize-health.ts';

interface Row {
  readonly name: string;
  readonly listen: number;
  readonly port: number;
  readonly balance: string;
  readonly health: string;
  readonly failover: boolean;
  readonly idleMs?: number;
  readonly queueMs?: number;
  readonly perBackend?: number;
}

const MINUTE = 60_000;
const HALF_A_DAY = 12 * 60 * MINUTE;

const CURRENT: readonly Row[] = [
  { name: 'http', listen: 80, port: 80, balance: 'source', health: 'apache', failover: false },
  { name: 'https', listen: 443, port: 443, balance: 'source', health: 'pulp', failover: true },
  { name: 'templates', listen: 8000, port: 8000, balance: 'roundrobin', health: 'templates', failover: false },
  {
    name: 'smart-proxy',
    listen: 9090,
    port: 9090,
    balance: 'roundrobin',
    health: 'smart-proxy',
    failover: true,
    queueMs: MINUTE,
    perBackend: 90,
  },
  { name: 'puppet', listen: 8140, port: 8140, balance: 'roundrobin', health: 'puppetserver', failover: true },
  { name: 'puppet-ca', listen: 8141, port: 8140, balance: 'pinned', health: 'puppet-ca', failover: false },
  { name: 'mqtt', listen: 1883, port: 1883, balance: 'source', health: 'mqtt', failover: true, idleMs: HALF_A_DAY },
];

const YEAR_2018: readonly Row[] = [
  { name: 'http', listen: 80, port: 80, balance: 'roundrobin', health: 'http', failover: false },
  { name: 'anaconda', listen: 8000, port: 8000, balance: 'roundrobin', health: 'http', failover: false },
  { name: 'https', listen: 443, port: 443, balance: 'source', health: 'tls', failover: true },
  { name: 'rhsm', listen: 8443, port: 8443, balance: 'roundrobin', health: 'tls', failover: true },
  { name: 'amqp', listen: 5647, port: 5647, balance: 'source', health: 'tcp', failover: true, idleMs: HALF_A_DAY },
  { name: 'puppet', listen: 8140, port: 8140, balance: 'roundrobin', health: 'puppetserver', failover: true },
  { name: 'puppet-ca', listen: 8141, port: 8140, balance: 'pinned', health: 'puppet-ca', failover: false },
  { name: 'smart-proxy', listen: 9090, port: 9090, balance: 'roundrobin', health: 'smart-proxy', failover: true },
  { name: 'docker', listen: 5000, port: 5000, balance: 'roundrobin', health: 'tls', failover: true },
];

const CONTAINERS = CURRENT.map((row) => (row.name === 'smart-proxy' ? { ...row, listen: 8443, port: 8443 } : row));

for (const [profile, rows, more] of [
  ['foreman-current', CURRENT, 'services: { mqtt: {} }\n'],
  ['foremanctl', CONTAINERS, 'services: { mqtt: {} }\n'],
  ['foreman-2018', YEAR_2018, ''],
] as const) {
  t.test(profile, (t) => {
    const { config, drafts } = load(profile, more);
    t.same(
      config.services.map(({ name }) => name),
      rows.map(({ name }) => name),
    );
    for (const row of rows) {
      const service = config.services.find(({ name }) => name === row.name);
      t.strictSame(service?.listen, [{ kind: 'tcp', host: undefined, port: row.listen, ipv6Only: false }], row.name);
      t.strictSame(
        service?.backends.map(({ node, port }) => `${node}:${port}`),
        row.name === 'puppet-ca' ? [`b:${row.port}`] : [`a:${row.port}`, `b:${row.port}`],
      );
      t.equal(service?.balance.strategy, row.balance);
      t.equal(service?.waitForClient, true);
      t.equal(service?.handshakeFailover, row.failover);
      t.equal(service?.timeouts.idleMs, row.idleMs ?? 15 * MINUTE);
      t.equal(service?.timeouts.queueMs, row.queueMs ?? 10_000);
      t.equal(service?.maxSessionsPerBackend, row.perBackend);
      const draft = drafts.find(({ name }) => name === row.name);
      t.equal(draft?.health && (draft.health.probe ?? draft.health.type), row.health);
    }
    t.end();
  });
}

t.test('what the ready probes ask', (t) => {
  const { drafts } = load('foreman-current', 'services: { mqtt: {}, r: { listen: 5000, health: registry } }\n');
  const asked = (name: string): Partial<HealthConfig> => {
    const draft = drafts.find((one) => one.name === name);
    if (!draft?.health) throw new Error(`no health check for ${name}`);
    const { type, method, path, expect, servername, name: probe } = normalizeHealth(draft.health, 'lb.example.net');
    return { name: probe, type, method, path, expect, servername };
  };
  const nothing = { contains: undefined, headers: {}, json: {} };
  const lb = 'lb.example.net';
  const get = { method: 'GET', path: '/' };
  t.strictSame(asked('http'), {
    ...{ name: 'apache', type: 'http', method: 'GET', path: '/pub/katello-server-ca.crt', servername: undefined },
    expect: { status: [200], ...nothing },
  });
  t.strictSame(asked('https'), {
    ...{ name: 'pulp', type: 'https', method: 'GET', path: '/pulp/api/v3/status/', servername: lb },
    expect: {
      status: [200],
      contains: undefined,
      headers: {},
      json: { 'database_connection.connected': { equals: true }, online_content_apps: { notEmpty: true } },
    },
  });
  t.strictSame(asked('templates'), {
    ...{ name: 'templates', type: 'http', method: 'GET', path: '/features', servername: undefined },
    expect: { status: [200], contains: undefined, headers: {}, json: { $: { contains: ['templates'] } } },
  });
  t.strictSame(asked('smart-proxy'), {
    ...{ name: 'smart-proxy', type: 'https', method: 'GET', path: '/features', servername: lb },
    expect: {
      status: [200],
      contains: undefined,
      headers: {},
      json: { $: { contains: ['registration', 'templates'] } },
    },
  });
  t.strictSame(asked('puppet'), {
    ...{ name: 'puppetserver', type: 'https', method: 'GET', path: '/status/v1/simple', servername: lb },
    expect: { status: [200], contains: 'running', headers: {}, json: {} },
  });
  t.strictSame(asked('puppet-ca'), {
    ...{ name: 'puppet-ca', type: 'https', method: 'GET', path: '/puppet-ca/v1/certificate/ca', servername: lb },
    expect: { status: [200], contains: '-----BEGIN CERTIFICATE-----', headers: {}, json: {} },
  });
  t.strictSame(asked('mqtt'), {
    ...{ name: 'mqtt', type: 'tls', ...get, servername: lb },
    expect: { status: [], ...nothing },
  });
  t.strictSame(asked('r'), {
    ...{ name: 'registry', type: 'https', method: 'GET', path: '/v2/', servername: lb },
    expect: {
      ...{ status: [401], ...nothing },
      headers: { 'docker-distribution-api-version': 'registry/2', 'www-authenticate': lb },
    },
  });
  t.end();
});

t.test('of 2018: any answer of a web server is good, any list of features too', (t) => {
  const { drafts } = load('foreman-2018', '');
  const expectOf = (name: string): unknown => {
    const draft = drafts.find((one) => one.name === name);
    return draft?.health ? normalizeHealth(draft.health, undefined).expect : undefined;
  };
  t.strictSame(expectOf('http'), { status: [], contains: undefined, headers: {}, json: {} });
  t.strictSame(expectOf('anaconda'), { status: [], contains: undefined, headers: {}, json: {} });
  t.strictSame(expectOf('smart-proxy'), {
    status: [200],
    contains: undefined,
    headers: {},
    json: { $: { contains: [] } },
  });
  t.end();
});

function load(profile: string, more: string) {
  return parseConfig(
    `version: 1\nprofile: ${profile}\nca_node: b\nnodes: { a: 192.0.2.1, b: 192.0.2.2 }\n${more}`,
    'f',
  );
}
