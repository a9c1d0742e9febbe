// What a ready probe asks, and what a file may change of it: required features, the least free disk, the registry's name.

import t from 'tap';
import { NODES, serviceOf } from '../fixtures/config-text.ts';

function healthOf(health: string, top = 'name: smartproxy.example.net\n') {
  const service = serviceOf(`${NODES}${top}services:\n  s: { listen: 1000, health: ${health} }\n`, 's');
  if (service.health === false) throw new Error('no health check');
  return service.health;
}

t.test('registry: 401, its version, and a realm with the name that clients dial', async (t) => {
  t.match(healthOf('registry'), {
    type: 'https',
    path: '/v2/',
    expect: {
      status: [401],
      headers: { 'docker-distribution-api-version': 'registry/2', 'www-authenticate': 'smartproxy.example.net' },
    },
  });
  t.equal(healthOf('registry', '').expect.headers['www-authenticate'], '', 'without a name the header must be there');
  const own = healthOf(
    '{ probe: registry, expect: { headers: { Www-Authenticate: "realm=\\"https://{name}:5000/" } } }',
  );
  t.equal(own.expect.headers['www-authenticate'], 'realm="https://smartproxy.example.net:5000/');
  t.equal(own.expect.headers['docker-distribution-api-version'], 'registry/2', 'the rest stays');
});

t.test('pulp: the least free disk', async (t) => {
  t.strictSame(healthOf('{ probe: pulp, expect: { json: { storage.free: { min: 10000000000 } } } }').expect.json, {
    'database_connection.connected': { equals: true },
    online_content_apps: { notEmpty: true },
    'storage.free': { min: 10_000_000_000 },
  });
});

t.test('smart-proxy: the features it must have', async (t) => {
  const { expect } = healthOf('{ probe: smart-proxy, expect: { json: { $: { contains: [openscap] } } } }');
  t.strictSame(expect.json, { $: { contains: ['openscap'] } }, 'a list replaces the list');
});

t.test('headers of a probe of one’s own', async (t) => {
  t.strictSame(healthOf('{ type: http, expect: { headers: { Server: Apache, X-Any: "" } } }').expect.headers, {
    server: 'Apache',
    'x-any': '',
  });
});
