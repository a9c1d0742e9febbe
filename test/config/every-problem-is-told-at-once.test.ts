import t from 'tap';
import { problemsOf } from '../fixtures/config-text.ts';

t.test('one look at a file finds everything that is wrong with it, in its order', (t) => {
  const problems = problemsOf(`version: 1
profil: foreman-2018
nodes:
  proxy01: 192.0.2.11:443
  proxy02: { address: 192.0.2.12, wieght: 2, state: redy }
defaults:
  timeouts: { idle: 30, connect: 5ms }
services:
  web: { listen: 70000, balance: roundrobbin, nodes: [proxy1] }
  ca: { listen: 8141, balance: pinned }
  db: { listen: "127.0.0.1:8141", handshake_failover: true }
  tmp: { idle: 5m }
http: true
`);
  t.same(problems, [
    '2:1: profil: unknown key (did you mean "profile"?)',
    '4:12: nodes.proxy01: has a port in it: write "192.0.2.11" here, and the port at the service or in ports:',
    '5:35: nodes.proxy02.wieght: unknown key (did you mean "weight"?)',
    '5:53: nodes.proxy02.state: must be one of ready, drain or maint, not "redy" (did you mean "ready"?)',
    '7:21: defaults.timeouts.idle: must be a duration such as 200ms, 5s, 15m or 2h, not 30',
    '7:34: defaults.timeouts.connect: is shorter than 100ms, how often it is looked at: write 100ms or more',
    '9:18: services.web.listen: must be from 1 to 65535, not 70000',
    '9:34: services.web.balance: must be one of roundrobin, leastconn, random, source or pinned, not "roundrobbin" (did you mean "roundrobin"?)',
    '9:55: services.web.nodes[0]: there is no node "proxy1" (did you mean "proxy01"?)',
    '10:3: services.ca.node: is missing: a pinned service names its one node',
    '11:17: services.db.listen: "127.0.0.1:8141" is taken by service ca ("8141") (line 10): one address has one service',
    '11:55: services.db.handshake_failover: handshake_failover needs wait_for_client: true (only a whole hello can be sent again)',
    '12:10: services.tmp.idle: unknown key (did you mean "timeouts: { idle: … }"?)',
    '13:7: http: must be a map with the keys listen, allow or page, or false for none, not true',
  ]);
  t.end();
});

t.test('a mistake is told once, without those that only follow from it', (t) => {
  t.same(
    problemsOf(`version: 1
profile: foreman-curent
nodes: { a: 192.0.2.1 }
services:
  https: { retries: 4 }
  web: { lisen: 80 }
  ca: { listen: 81, balance: pined, node: a }
  db: { listen: [82, "x:83"], port: 1 }
`),
    [
      '2:10: profile: must be one of foreman-current, foreman-2018 or foremanctl, not "foreman-curent" (did you mean "foreman-current"?)',
      '6:10: services.web.lisen: unknown key (did you mean "listen"?)',
      '7:30: services.ca.balance: must be one of roundrobin, leastconn, random, source or pinned, not "pined" (did you mean "pinned"?)',
      '8:22: services.db.listen[1]: "x" is no IP address: a listener needs one, a name could mean several',
    ],
  );
  t.same(problemsOf('version: 1\nnodes: { a: { adress: 192.0.2.1 } }\nservices: { web: { listen: 80 } }\n'), [
    '2:15: nodes.a.adress: unknown key (did you mean "address"?)',
  ]);
  t.end();
});

t.test('what is wrong in a list stands at the entry, also behind another wrong one', (t) => {
  t.same(
    problemsOf(`version: 1
nodes: { a: 192.0.2.1 }
services:
  web:
    listen: 80
    allow:
      - 192.0.2.0/33
      - 192.0.2.0/24
      - ten
    nodes: [5, b, a]
`),
    [
      '7:9: services.web.allow[0]: the prefix must be a number from 0 to 32',
      '9:9: services.web.allow[2]: must be a network such as 192.0.2.0/24 or 2001:db8::/32, or one address, not "ten"',
      '10:13: services.web.nodes[0]: must be the name of a node, not 5',
      '10:16: services.web.nodes[1]: there is no node "b"',
    ],
  );
  t.end();
});

t.test('what is not near anything gets no guess', (t) => {
  t.same(problemsOf('version: 1\nnodes: { a: 192.0.2.1 }\nservices: { web: { listen: 80, colour: red } }\n'), [
    '3:32: services.web.colour: unknown key',
  ]);
  t.end();
});

t.test('two hundred problems are enough for one look', (t) => {
  const entries = Array.from({ length: 500 }, (_, i) => `  s${i}: { listen: x }`);
  const problems = problemsOf(`version: 1\nnodes: { a: 192.0.2.1 }\nservices:\n${entries.join('\n')}\n`);
  t.equal(problems.length, 201);
  t.match(problems.at(-1), /and 300 more problems/);
  t.end();
});
