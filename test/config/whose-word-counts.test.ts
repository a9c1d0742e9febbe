import t from 'tap';
import { parseConfig } from '../../src/config/load.ts';
import { configOf, serviceOf } from '../fixtures/config-text.ts';

const file = (more: string): string => `version: 1
profile: foreman-current
ca_node: a
nodes: { a: 192.0.2.1, b: 192.0.2.2 }
${more}`;

t.test('built-in < defaults < profile < the service itself', (t) => {
  const plain = serviceOf(file(''), 'smart-proxy');
  t.equal(plain.retries, 3, 'built-in');
  t.equal(plain.maxSessionsPerBackend, 90, 'profile over built-in');

  const withDefaults = serviceOf(
    file('defaults: { retries: 1, max_sessions_per_backend: 5, balance: leastconn }\n'),
    'smart-proxy',
  );
  t.equal(withDefaults.retries, 1, 'defaults over built-in');
  t.equal(withDefaults.maxSessionsPerBackend, 90, 'profile over defaults');
  t.equal(withDefaults.balance.strategy, 'roundrobin', 'profile over defaults');

  const own = serviceOf(
    file('defaults: { retries: 1 }\nservices: { smart-proxy: { retries: 2, max_sessions_per_backend: 7 } }\n'),
    'smart-proxy',
  );
  t.equal(own.retries, 2, 'its own over defaults');
  t.equal(own.maxSessionsPerBackend, 7, 'its own over the profile');
  t.equal(own.waitForClient, true, 'and the rest of the profile stays');
  const none = serviceOf(file('services: { smart-proxy: { max_sessions_per_backend: none } }\n'), 'smart-proxy');
  t.equal(none.maxSessionsPerBackend, undefined, 'also back to none');
  t.end();
});

t.test('maps merge', (t) => {
  const { timeouts } = serviceOf(
    file('defaults: { timeouts: { connect: 1s, queue: 1s } }\nservices: { smart-proxy: { timeouts: { idle: 1h } } }\n'),
    'smart-proxy',
  );
  t.equal(timeouts.connectMs, 1_000, 'defaults');
  t.equal(timeouts.queueMs, 60_000, 'profile');
  t.equal(timeouts.idleMs, 3_600_000, 'its own');
  t.equal(timeouts.handshakeMs, 10_000, 'built-in');
  t.end();
});

t.test('lists replace', (t) => {
  const text = file('defaults: { allow: [192.0.2.0/24, 10.0.0.0/8] }\nservices: { http: { allow: [127.0.0.1] } }\n');
  t.same(serviceOf(text, 'http').allow, ['127.0.0.1']);
  t.same(serviceOf(text, 'https').allow, ['192.0.2.0/24', '10.0.0.0/8']);
  t.end();
});

t.test('who is in', (t) => {
  const names = (more: string): string[] => configOf(file(more)).services.map(({ name }) => name);
  const all = ['http', 'https', 'templates', 'smart-proxy', 'puppet', 'puppet-ca'];
  t.same(names(''), all);
  t.same(names('services: { mqtt: {} }\n'), [...all, 'mqtt'], 'an optional one is put in');
  t.same(names('services: { https: false }\n'), ['http', ...all.slice(2)], 'false takes one out');
  t.same(names('services: { ldap: { listen: 389 }, mqtt: {} }\n'), [...all, 'mqtt', 'ldap'], 'own ones come last');
  const withoutCa = (more: string): string[] =>
    configOf(`version: 1\nprofile: foreman-current\nnodes: { a: 192.0.2.1 }\n${more}`).services.map(({ name }) => name);
  t.same(withoutCa(''), all.slice(0, 4), 'without ca_node neither puppet nor puppet-ca');
  t.same(withoutCa('services: { puppet: {} }\n'), all.slice(0, 5), 'unless puppet is asked for');
  t.end();
});

t.test('a profile row keeps the port of the nodes when the service listens elsewhere', (t) => {
  const https = serviceOf(file('services: { https: { listen: 10443 } }\n'), 'https');
  t.match(https.listen, [{ port: 10443 }]);
  t.equal(https.backends[0]?.port, 443);
  t.end();
});

t.test('a node that differs: its port goes before the service, its services keep it out of others', (t) => {
  const config = configOf(`version: 1
nodes:
  a: { address: 192.0.2.1, ports: { ldap: 1389 } }
  b: { address: 192.0.2.2, services: [ldap] }
services: { ldap: { listen: 389, port: 390 }, web: { listen: 80 } }
`);
  const backends = config.services.map((s) => s.backends.map(({ node, port }) => `${node}:${port}`));
  t.same(backends, [['a:1389', 'b:390'], ['a:80']]);
  t.end();
});

t.test('health: whoever asks for something else drops the old question, not how often', (t) => {
  const health = (more: string, name = 'https') => parsedHealth(file(more), name);
  t.match(health(''), { probe: 'pulp', path: '/pulp/api/v3/status/', interval: '5s' });
  t.match(
    health('defaults: { health: { interval: 20s } }\n'),
    { probe: 'pulp', interval: '20s' },
    'defaults say how often',
  );
  t.match(
    health('services: { https: { health: { interval: 7s } } }\n'),
    { probe: 'pulp', path: '/pulp/api/v3/status/', interval: '7s' },
    'a map adds to the short form of the profile',
  );
  const other = health(
    'defaults: { health: { interval: 20s, path: /x } }\nservices: { https: { health: { type: https, port: 8443 } } }\n',
  );
  t.match(other, { type: 'https', port: 8443, path: '/', interval: '20s', expect: { status: [200] } });
  t.notOk(Object.hasOwn(other || {}, 'probe'));
  t.match(health('services: { https: { health: tcp } }\n'), { type: 'tcp', path: '/' });
  t.equal(health('services: { https: { health: false } }\n'), false);
  t.match(health('defaults: { health: false }\n'), { probe: 'pulp' }, 'the profile goes before the defaults');
  t.match(
    health('defaults: { health: false }\nservices: { own: { listen: 1, health: { interval: 9s } } }\n', 'own'),
    { type: 'tcp', interval: '9s' },
    'a map puts it on again',
  );
  t.end();
});

t.test('health: details of a ready probe can be changed one by one', (t) => {
  const more = `services:
  https: { health: { expect: { json: { storage.free: { min: 1000 } } } } }
  smart-proxy: { health: { expect: { json: { $: { contains: [logs] } } } } }
`;
  t.same(JSON.parse(JSON.stringify(parsedHealth(file(more), 'https') || {})).expect, {
    status: [200],
    headers: {},
    json: { 'database_connection.connected': true, online_content_apps: 'not_empty', 'storage.free': { min: 1000 } },
  });
  t.same(JSON.parse(JSON.stringify(parsedHealth(file(more), 'smart-proxy') || {})).expect, {
    status: [200],
    headers: {},
    json: { $: { contains: ['logs'] } },
  });
  t.end();
});

t.test('health: what is expected of a value is replaced as a whole', (t) => {
  const more = `defaults: { health: { type: https, expect: { json: { a: { min: 1 }, b: 2 } } } }
services: { own: { listen: 1, health: { expect: { json: { a: { contains: [3] } } } } } }
`;
  t.same(JSON.parse(JSON.stringify(parsedHealth(file(more), 'own') || {})).expect.json, { a: { contains: [3] }, b: 2 });
  t.end();
});

t.test('rates: the short form replaces the long one', (t) => {
  const rate = (more: string) => serviceOf(file(more), 'http').ratePerClient;
  t.strictSame(rate('defaults: { rate_per_client: { rate: 10/s, burst: 40 } }\n'), { perSecond: 10, burst: 40 });
  t.strictSame(
    rate('defaults: { rate_per_client: { rate: 10/s, burst: 40 } }\nservices: { http: { rate_per_client: 20/s } }\n'),
    { perSecond: 20, burst: 20 },
  );
  t.equal(rate('defaults: { rate_per_client: 5/s }\nservices: { http: { rate_per_client: none } }\n'), undefined);
  t.end();
});

/** As the layers have it, before it is known what of it this version can do. */
function parsedHealth(text: string, name: string) {
  return parseConfig(text, 'f').drafts.find((draft) => draft.name === name)?.health;
}
