import t from 'tap';
import { NODES, problemsOf } from '../fixtures/config-text.ts';

const errors = (text: string): string[] => problemsOf(text).filter((line) => !line.includes('warning:'));

t.test('nodes', (t) => {
  t.same(errors(`${NODES}ca_node: c\nservices: { web: { listen: 80 } }\n`), ['5:10: ca_node: there is no node "c"']);
  t.same(errors(`${NODES}services: { web: { listen: 80, balance: pinned, node: c } }\n`), [
    '5:55: services.web.node: there is no node "c"',
  ]);
  t.same(errors(`${NODES}services: { web: { listen: 80, nodes: [a, c] } }\n`), [
    '5:43: services.web.nodes[1]: there is no node "c"',
  ]);
  t.same(errors(`${NODES}defaults: { nodes: [c] }\nservices: { web: { listen: 80 }, db: { listen: 81 } }\n`), [
    '5:21: defaults.nodes[0]: there is no node "c"',
  ]);
  t.same(
    errors('version: 1\nprofile: foreman-2018\nca_node: proxy1\nnodes: { proxy01: 192.0.2.1 }\n'),
    ['3:10: ca_node: there is no node "proxy1" (did you mean "proxy01"?)'],
    'told once, not for puppet-ca as well',
  );
  t.end();
});

t.test('services', (t) => {
  const withNode = (more: string, services = 'ldap: { listen: 389 }'): string[] =>
    errors(
      `version: 1\nnodes:\n  a: { address: 192.0.2.1 }\n  b: { address: 192.0.2.2, ${more} }\nservices: { ${services} }\n`,
    );
  t.same(withNode('services: [ldpa]'), [
    '4:39: nodes.b.services[0]: there is no service "ldpa" (did you mean "ldap"?)',
  ]);
  t.same(withNode('ports: { ldpa: 1389 }'), [
    '4:37: nodes.b.ports.ldpa: there is no service "ldpa" (did you mean "ldap"?)',
  ]);
  t.same(withNode('services: [ldap], ports: { ldap: 1389 }'), []);
  t.same(withNode('services: [web]', 'ldap: { listen: 389 }, web: false'), [], 'one that is taken out is known');
  t.same(
    errors('version: 1\nprofile: foreman-current\nnodes: { a: { address: 192.0.2.1, ports: { mqtt: 1884 } } }\n'),
    [],
    'one that the profile would have is known',
  );
  t.end();
});

t.test('a service needs a node', (t) => {
  t.same(
    errors(
      'version: 1\nnodes: { a: { address: 192.0.2.1, services: [web] } }\nservices: { web: { listen: 80 }, db: { listen: 81 } }\n',
    ),
    ['3:34: services.db: no node serves db'],
  );
  t.same(
    errors(
      'version: 1\nnodes: { a: { address: 192.0.2.1, services: [web] }, b: 192.0.2.2 }\nservices: { web: { listen: 80 }, db: { listen: 81, nodes: [b, a] } }\n',
    ),
    ['3:63: services.db.nodes[1]: node "a" does not serve db: nodes.a.services leaves it out'],
  );
  t.same(
    errors(
      'version: 1\nnodes: { a: { address: 192.0.2.1, services: [web] }, b: 192.0.2.2 }\nservices: { web: { listen: 80 }, db: { listen: 81, balance: pinned, node: a } }\n',
    ),
    ['3:75: services.db.node: node "a" does not serve db'],
  );
  t.same(errors(`${NODES}services: { db: { listen: 81, balance: pinned, node: a, nodes: [b] } }\n`), [
    '5:54: services.db.node: node "a" does not serve db',
  ]);
  t.end();
});

t.test('a node that no service uses is worth a warning', (t) => {
  t.same(problemsOf(`${NODES}services: { db: { listen: 81, nodes: [a] } }\n`), [
    '4:3: warning: nodes.b: no service uses this node',
  ]);
  t.end();
});

t.test('pinned and its node', (t) => {
  t.same(errors(`${NODES}services: { ca: { listen: 81, balance: pinned } }\n`), [
    '5:13: services.ca.node: is missing: a pinned service names its one node',
  ]);
  t.same(errors(`${NODES}services: { ca: { listen: 81, node: a } }\n`), [
    '5:31: services.ca.node: only a pinned service has one (this is roundrobin): add balance: pinned, or list nodes: instead',
  ]);
  t.end();
});

t.test('the CA of a profile', (t) => {
  const profile = (name: string, more = ''): string[] =>
    errors(`version: 1\nprofile: ${name}\nnodes: { a: 192.0.2.1, b: 192.0.2.2 }\n${more}`);
  const way = 'name the one node that signs certificates, or take puppet-ca out with "puppet-ca: false"';
  t.same(profile('foreman-2018'), [`2:10: profile: foreman-2018 needs ca_node: ${way}`]);
  t.same(profile('foreman-2018', 'ca_node: a\n'), []);
  t.same(profile('foreman-2018', 'services: { puppet-ca: false }\n'), []);
  t.same(profile('foreman-current'), []);
  t.same(profile('foreman-current', 'services: { puppet-ca: {} }\n'), [
    `4:13: services.puppet-ca: foreman-current needs ca_node: ${way}`,
  ]);
  t.same(
    profile('foreman-2018', 'ca_node: a\nservices: { puppet-ca: { balance: roundrobin } }\n'),
    ['5:35: services.puppet-ca.balance: must stay pinned: this goes to the CA, and two nodes that sign corrupt it'],
    'never two nodes that sign',
  );
  t.end();
});

t.test('keys that need each other', (t) => {
  t.same(errors(`${NODES}services: { web: { listen: 80, handshake_failover: true } }\n`), [
    '5:52: services.web.handshake_failover: handshake_failover needs wait_for_client: true (only a whole hello can be sent again)',
  ]);
  t.same(
    errors(
      'version: 1\nprofile: foreman-current\nnodes: { a: 192.0.2.1 }\nservices: { https: { wait_for_client: false } }\n',
    ),
    [
      '4:39: services.https.wait_for_client: handshake_failover needs wait_for_client: true (only a whole hello can be sent again); to turn waiting off, set handshake_failover: false as well',
    ],
    'told at the key that the file has',
  );
  for (const [listen, what] of [
    ['[80, 81]', 'a list'],
    ['"unix:/run/x"', 'a Unix socket'],
    ['"systemd:x"', 'a socket of systemd'],
  ]) {
    t.same(errors(`${NODES}services: { web: { listen: ${listen} } }\n`), [
      `5:13: services.web.port: is missing: where listen is ${what}, it must say the port on the nodes`,
    ]);
  }
  t.same(errors(`${NODES}services: { web: { port: 80 } }\n`), [
    '5:13: services.web.listen: is missing: say what this service listens on, such as listen: 443',
  ]);
  t.same(
    errors(`${NODES}services: { web: { listen: 80, balance: source, hash: { method: haproxy, bound: 1.5 } } }\n`),
    ["5:81: services.web.hash.bound: can't go with method: haproxy, which knows no bound"],
  );
  t.same(errors(`${NODES}services: { web: { listen: 80, balance: source, hash: { v4_mapped: true } } }\n`), [
    '5:68: services.web.hash.v4_mapped: only means something with method: haproxy',
  ]);
  t.same(errors(`${NODES}services: { web: { listen: 80, health: { type: tls, cert: /c.pem } } }\n`), [
    '5:59: services.web.health.cert: needs key as well: a client certificate is both',
  ]);
  t.same(errors(`${NODES}services: { web: { listen: 80, health: { probe: pulp, type: http } } }\n`), [
    "5:55: services.web.health.type: can't stand beside probe: a ready probe has its type",
  ]);
  t.end();
});

t.test('probes by HTTP that could never work, or say something else than was meant', (t) => {
  const health = (keys: string): string[] =>
    problemsOf(`${NODES}services: { web: { listen: 80, health: { type: http, ${keys} } } }\n`).map((line) =>
      line.replace(/^[\d:]+ /, '').replace('services.web.health.', ''),
    );
  t.same(health('method: CONNECT'), ['method: CONNECT asks for a tunnel, which a probe has no use for']);
  t.same(health('path: "/a#b"'), [
    'path: what follows # is never sent to a server: write %23 where the character is meant',
  ]);
  t.match(health('path: "/a b"'), [/^path: must be a path that begins with \/ and has no spaces/]);
  for (const header of [
    'Content-Length: "5"',
    'transfer-encoding: chunked',
    'Upgrade: h2c',
    'Connection: keep-alive',
  ]) {
    t.match(
      health(`headers: { ${header} }`),
      [/^headers\.[A-Za-z-]+: is not for the file: a probe sends no body/],
      header,
    );
  }
  t.same(health('headers: { Host: a.example, host: b.example }'), [
    'headers.host: is the same header as Host: write one of them',
  ]);
  t.same(health('expect: { headers: { Server: a, server: b } }'), [
    'expect.headers.server: is the same header as Server: write one of them',
  ]);
  t.same(health('headers: { Connection: Close, Content-Length: "0", Host: a.example, Accept: text/plain }'), []);
  t.same(health('expect: { json: { a: nonempty, b: not_empty, c: full } }'), [
    'warning: expect.json.a: must be this very text "nonempty" (did you mean not_empty?)',
  ]);
  t.same(health('expect: { json: { $: { contains: [] } } }'), [
    'warning: expect.json.$.contains: is empty, so that every list passes, an empty one, too: name what it must have, or write not_empty',
  ]);
  t.end();
});

t.test('a fast interval that is the slow one', (t) => {
  const health = (keys: string): string[] =>
    problemsOf(`${NODES}services: { web: { listen: 80, health: { ${keys} } } }\n`);
  t.same(health('interval: 2s, fast_interval: 10s'), [
    '5:71: warning: services.web.health.fast_interval: is longer than interval (2s): no two probes are closer than 10s',
  ]);
  t.same(health('interval: 500ms'), [
    '5:52: warning: services.web.health.interval: is shorter than fast_interval (1s), and no two probes are closer than that: set both',
  ]);
  t.same(health('interval: 500ms, fast_interval: 500ms'), []);
  t.end();
});

t.test('keys that have no effect where they stand', (t) => {
  t.same(problemsOf(`${NODES}services: { web: { listen: 80, hash: { prefix_v4: 24 } } }\n`), [
    '5:32: warning: services.web.hash: has no effect: balance is roundrobin, not source',
  ]);
  t.same(problemsOf(`${NODES}services: { web: { listen: 80, health: { path: /x, interval: 9s, ca: /ca.pem } } }\n`), [
    '5:42: warning: services.web.health.path: has no effect: the probe is tcp',
    '5:66: warning: services.web.health.ca: has no effect: the probe is tcp',
  ]);
  t.same(problemsOf(`${NODES}defaults: { hash: { prefix_v4: 24 } }\nservices: { web: { listen: 80 } }\n`), []);
  t.end();
});

t.test('the http port beyond loopback', (t) => {
  const http = (keys: string): string[] => problemsOf(`${NODES}services: { web: { listen: 80 } }\nhttp: { ${keys} }\n`);
  const warning = 'warning: http.listen: listens beyond loopback, and everyone may ask: add allow: with your networks';
  t.same(http('listen: 8404'), [`6:17: ${warning}`]);
  t.same(http('listen: "192.0.2.9:8404"'), [`6:17: ${warning}`]);
  t.same(http('listen: "[::]:8404"'), [`6:17: ${warning}`]);
  t.same(http('listen: 8404, allow: [192.0.2.0/24]'), []);
  t.same(http('listen: "127.9.9.9:8404"'), []);
  t.same(http('listen: "[::1]:8404"'), []);
  t.same(http('listen: "8404-8405"'), ['6:17: http.listen: must be a port or "ADDRESS:PORT", not "8404-8405"']);
  t.same(http('listen: "unix:/run/x"'), ['6:17: http.listen: must be a port or "ADDRESS:PORT", not "unix:/run/x"']);
  t.end();
});
