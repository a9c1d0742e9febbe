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

t.test('what makes a strategy another one is named by its own key', async (t) => {
  const whatOf = (before: string, after: string, more = ['', '']) => {
    const service = (balance: string) => `{ web: { listen: 80, ${balance} } }`;
    return diffConfigs(file(service(before), more[0]), file(service(after), more[1]));
  };
  const changed = (before: string, after: string) => whatOf(before, after).services.changed[0]?.what;
  t.same(changed('balance: pinned, node: a', 'balance: pinned, node: b'), ['node']);
  t.same(changed('balance: source', 'balance: source, hash: { prefix_v4: 24 }'), ['hash']);
  t.same(changed('balance: roundrobin', 'balance: leastconn'), ['balance']);
  t.same(changed('balance: roundrobin', 'balance: pinned, node: b'), ['balance']);
  const ca = (node: string) =>
    configOf(
      `version: 1\nname: lb.example.net\nprofile: foreman-current\nca_node: ${node}\nnodes: { a: 192.0.2.1, b: 192.0.2.2 }\n`,
    );
  const diff = diffConfigs(ca('a'), ca('b'));
  t.same(diff.services.changed, [{ name: 'puppet-ca', what: ['node'] }]);
  t.same(diff.other, ['caNode']);
});

t.test('of admin and log only what has to wait takes effect with a restart', async (t) => {
  const restart = (before: string, after: string) => {
    const { restart, other } = diffConfigs(
      file('{ web: { listen: 80 } }', before),
      file('{ web: { listen: 80 } }', after),
    );
    return { restart, other };
  };
  t.same(restart('', 'log: { format: json }'), { restart: ['log.format'], other: [] });
  t.same(restart('', 'log: { format: json, level: debug }'), { restart: ['log.format'], other: ['log'] });
  t.same(restart('', 'log: { sessions: failed }'), { restart: [], other: ['log'] });
  t.same(restart('', 'admin: { state: /var/lib/a.json }'), { restart: ['admin.state'], other: [] });
  t.same(restart('', 'admin: { socket: /run/a.sock }'), { restart: ['admin.socket'], other: [] });
  t.same(restart('', 'admin: false'), { restart: ['admin'], other: [] });
  t.same(restart('admin: false', ''), { restart: ['admin'], other: [] });
  t.same(restart('admin: false', 'admin: false'), { restart: [], other: [] });
  t.same(restart('name: a.example.net', 'name: b.example.net').other, ['name']);
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
