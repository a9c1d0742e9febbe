import t from 'tap';
import { diffConfigs, isSameConfig } from '../../src/config/diff.ts';
import { configOf } from '../fixtures/config-text.ts';

const file = (services: string, more = '') =>
  configOf(`version: 1\nnodes: { a: 192.0.2.1, b: 192.0.2.2 }\nservices: ${services}\n${more}`);

t.test('the same file differs in nothing, whatever its text looks like', async (t) => {
  const before = file('{ web: { listen: 80 } }');
  t.ok(isSameConfig(diffConfigs(before, file('{ "web": { listen: "80" } } # a remark'))));
  t.notOk(isSameConfig(diffConfigs(before, file('{ web: { listen: 81 } }'))));
});

t.test('services, listeners and backends that come, go and change', async (t) => {
  const before = file('{ web: { listen: 80 }, old: { listen: 81 }, ldap: { listen: 389, nodes: [a] } }');
  const after = file(
    '{ web: { listen: [80, 8080], port: 80, retries: 1 }, new: { listen: 82 }, ldap: { listen: 389, port: 390, nodes: [b] } }',
    'log: { level: debug }\nrelay: { kind: net }\n',
  );
  const diff = diffConfigs(before, after);
  t.same(diff.listeners, { added: ['*:8080', '*:82'], removed: ['*:81'], gaps: [] });
  t.same(diff.services.added, ['new']);
  t.same(diff.services.removed, ['old']);
  t.same(diff.services.changed, [{ name: 'web', what: ['listen', 'retries'] }]);
  t.same(diff.backends, [{ service: 'ldap', added: ['b'], removed: ['a'], changed: [] }]);
  t.same(diff.other, ['log']);
  t.same(diff.restart, ['relay']);
});

t.test('a node that changes', async (t) => {
  const nodes = (list: string) =>
    configOf(`version: 1\nnodes: { a: 192.0.2.1, ${list} }\nservices: { web: { listen: 80 } }\n`);
  t.same(diffConfigs(nodes('b: 192.0.2.2'), nodes('b: { address: 192.0.2.3, weight: 2, state: drain }')).backends, [
    { service: 'web', added: [], removed: [], changed: [{ name: 'b', what: ['host', 'weight', 'admin'] }] },
  ]);
});

t.test('an address that overlaps one that goes leaves a gap', async (t) => {
  const diff = (before: string, after: string) =>
    diffConfigs(file(`{ web: { listen: ${before}, port: 8443 } }`), file(`{ web: { listen: ${after}, port: 8443 } }`))
      .listeners.gaps;
  t.same(diff('443', '"192.0.2.8:443"'), ['192.0.2.8:443']);
  t.same(diff('"192.0.2.8:443"', '443'), ['*:443']);
  t.same(diff('"192.0.2.8:443"', '"192.0.2.9:443"'), [], 'other addresses are no matter');
  t.same(diff('443', '444'), []);
  t.same(
    diff('"[::]:443"', '["[::]:443", "192.0.2.8:443"]'),
    ['[::]:443 ipv6only', '192.0.2.8:443'],
    '`::` has to leave IPv4 to it',
  );
});
