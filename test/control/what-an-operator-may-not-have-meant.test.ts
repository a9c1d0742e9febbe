// The warnings that taking a node out gives: what follows from it, in words.

import t from 'tap';
import { warningsFor } from '../../src/control/operator-warnings.ts';
import { Pool } from '../../src/core/pool.ts';
import { backendSpec, configWith, serviceConfig } from '../fixtures/balancer.ts';
import { manualClock } from '../fixtures/manual-clock.ts';

const OPTIONS = { whenAllDown: 'use_all', pinnedNode: undefined, slowStartMs: 0, maxPerBackend: undefined } as const;
const specs = [backendSpec('a', 1), backendSpec('b', 1)];

function service(name: string, pinnedTo?: string) {
  const balance = pinnedTo === undefined ? undefined : ({ strategy: 'pinned', node: pinnedTo } as const);
  const config = serviceConfig({ name, backends: specs, ...(balance === undefined ? {} : { balance }) });
  const pool = new Pool(specs, OPTIONS, manualClock());
  for (const backend of pool.backends) pool.setAddress(backend, '127.0.0.1');
  return { name, config, pool };
}

const config = { ...configWith([]), caNode: 'a' };

t.test('the CA node: nothing is signed meanwhile, and nobody takes its place', async (t) => {
  const ca = service('puppet-ca', 'a');
  const [warning, ...more] = warningsFor('a', 'drain', [ca], config);
  t.match(
    warning,
    /^puppet-ca: a is the CA node: until it is ready again no certificate is signed, renewed or revoked/,
  );
  t.match(warning, /no other node takes its place$/);
  t.same(more, []);
  t.same(warningsFor('b', 'drain', [ca], config), [], 'of another node there is nothing to say');
  t.same(warningsFor('a', 'ready', [ca], config), []);
});

t.test('the only node of another pinned service', async (t) => {
  t.match(warningsFor('a', 'maint', [service('mqtt', 'a')], { ...config, caNode: undefined }), [
    'mqtt: it is pinned to a: it refuses every new session until the node is ready again',
  ]);
});

t.test('the last one that is ready, and the last one that is up', async (t) => {
  const web = service('web');
  const [a, b] = web.pool.backends;
  if (a === undefined || b === undefined) throw new Error('two backends were made');
  web.pool.setAdmin(a, 'drain');
  t.same(warningsFor('a', 'drain', [web], config), [], 'b is up');
  web.pool.setHealth(b, 'down', 'refused', true);
  t.same(warningsFor('a', 'drain', [web], config), [
    'web: the nodes left are down (b): new sessions try them all the same',
  ]);
  web.pool.setAdmin(b, 'maint');
  t.same(warningsFor('b', 'maint', [web], config), [
    'web: no node is left that is ready: it refuses every new session',
  ]);
});
