import t from 'tap';
import { configOf, NODES, problemsOf } from '../fixtures/config-text.ts';

function clash(first: string, second: string): string[] {
  const text = `${NODES}http: false\nservices:\n  one: { listen: ${first}, port: 9 }\n  two: { listen: ${second}, port: 9 }\n`;
  return problemsOf(text).map((line) => line.replace(/^[\d:]+ services\.two\.listen(\[\d\])?: /, ''));
}

t.test('two services on one address', (t) => {
  const taken = (second: string, first = second): string[] => {
    const what = first === second ? '' : ` (${first})`;
    return [`${second} is taken by service one${what} (line 7): one address has one service`];
  };
  t.same(clash('80', '80'), taken('"80"'));
  t.same(clash('"127.0.0.1:80"', '"127.0.0.1:80"'), taken('"127.0.0.1:80"'));
  t.same(clash('80', '"127.0.0.1:80"'), taken('"127.0.0.1:80"', '"80"'), 'a bare port is all addresses');
  t.same(clash('"[::1]:80"', '80'), taken('"80"', '"[::1]:80"'), 'of both families');
  t.same(clash('80', '"[::]:80"'), taken('"[::]:80"', '"80"'));
  t.same(clash('"0.0.0.0:80"', '"127.0.0.1:80"'), taken('"127.0.0.1:80"', '"0.0.0.0:80"'));
  t.same(clash('"[::]:80"', '"[::1]:80"'), taken('"[::1]:80"', '"[::]:80"'));
  t.same(clash('"[2001:DB8::1]:80"', '"[2001:db8:0::1]:80"'), taken('"[2001:db8:0::1]:80"', '"[2001:DB8::1]:80"'));
  t.same(clash('"[::ffff:127.0.0.1]:80"', '"127.0.0.1:80"'), taken('"127.0.0.1:80"', '"[::ffff:127.0.0.1]:80"'));
  t.same(clash('"80-90"', '"85-95"'), taken('"85-95"', '"80-90"'), 'ranges');
  t.same(clash('"80-90"', '90'), taken('"90"', '"80-90"'));
  t.same(clash('[79, "127.0.0.1:80"]', '80'), taken('"80"', '"127.0.0.1:80"'), 'lists');
  t.same(clash('"unix:/run/a"', '"unix:/run/a"'), taken('"unix:/run/a"'));
  t.same(clash('"systemd:a"', '"systemd:a"'), taken('"systemd:a"'));
  t.end();
});

t.test('addresses that live side by side', (t) => {
  t.same(clash('80', '81'), []);
  t.same(clash('"127.0.0.1:80"', '"127.0.0.2:80"'), []);
  t.same(clash('"127.0.0.1:80"', '"[::1]:80"'), []);
  t.same(clash('"0.0.0.0:80"', '"[::]:80"'), []);
  t.same(clash('"[::]:80"', '"127.0.0.1:80"'), []);
  t.same(clash('"80-90"', '"91-95"'), []);
  t.same(clash('"unix:/run/a"', '"unix:/run/b"'), []);
  t.same(clash('"unix:/80"', '80'), []);
  t.end();
});

t.test('one service twice on one address', (t) => {
  t.same(problemsOf(`${NODES}services: { web: { listen: [80, "127.0.0.1:80"], port: 9 } }\n`), [
    '5:33: services.web.listen[1]: "127.0.0.1:80" is taken by another entry of this service ("80") (line 5): one address has one service',
  ]);
  t.end();
});

t.test('a service and the http port', (t) => {
  t.same(problemsOf(`${NODES}services: { web: { listen: 8404 } }\n`), [
    '5:28: services.web.listen: "8404" is taken by http ("127.0.0.1:8404"): one address has one service',
  ]);
  t.same(problemsOf(`${NODES}services: { web: { listen: 8080 } }\nhttp: { listen: "127.0.0.1:8080" }\n`), [
    '6:17: http.listen: "127.0.0.1:8080" is taken by service web ("8080") (line 5): one address has one service',
  ]);
  t.same(problemsOf(`${NODES}services: { web: { listen: "127.0.0.2:8404" } }\n`), []);
  t.same(problemsOf(`${NODES}services: { web: { listen: 8404 } }\nhttp: false\n`), []);
  t.same(
    problemsOf(`${NODES}services: { web: { listen: "127.0.0.1:80" } }\nhttp: { listen: "[::]:80", allow: ["::1"] }\n`),
    ['6:17: http.listen: "[::]:80" is taken by service web ("127.0.0.1:80") (line 5): one address has one service'],
    'whose server takes IPv4 too',
  );
  t.end();
});

t.test('two Unix sockets on one path', (t) => {
  const web = (path: string, more: string): string[] =>
    problemsOf(`${NODES}services: { web: { listen: "unix:${path}", port: 9 } }\n${more}\n`);
  t.same(web('/run/a.sock', 'admin: { socket: /run/a.sock }'), [
    '6:18: admin.socket: "/run/a.sock" is taken by service web ("unix:/run/a.sock") (line 5): one address has one service',
  ]);
  t.same(web('/run/chargehand/admin.sock', ''), [
    '5:28: services.web.listen: "unix:/run/chargehand/admin.sock" is taken by admin ("/run/chargehand/admin.sock"): one address has one service',
  ]);
  t.same(web('/run/chargehand/admin.sock', 'admin: false'), []);
  t.same(web('/run/w.sock', 'admin: { socket: /run/a.sock }\nhaproxy: { socket: /run/a.sock }'), [
    '7:20: haproxy.socket: "/run/a.sock" is taken by admin (line 6): one address has one service',
  ]);
  t.end();
});

t.test('a service of the profile and one of the file: told where the file can be changed', (t) => {
  t.same(
    problemsOf(`version: 1
profile: foreman-current
nodes: { a: 192.0.2.1 }
services: { web: { listen: 443 } }
`).filter((line) => !line.includes('warning')),
    ['4:28: services.web.listen: "443" is taken by service https: one address has one service'],
  );
  t.end();
});

t.test('`::` leaves IPv4 to those who name an address of it, on that port only', (t) => {
  const { services } = configOf(`${NODES}http: false
services:
  all6: { listen: ["[::]:80", "[::]:81"], port: 9 }
  one4: { listen: "127.0.0.1:80" }
`);
  t.same(services[0]?.listen, [
    { kind: 'tcp', host: '::', port: 80, ipv6Only: true },
    { kind: 'tcp', host: '::', port: 81, ipv6Only: false },
  ]);
  t.same(services[1]?.listen, [{ kind: 'tcp', host: '127.0.0.1', port: 80, ipv6Only: false }]);
  const beside = configOf(`${NODES}services: { web: { listen: "[::]:8404" } }\n`);
  t.match(beside.services[0]?.listen, [{ ipv6Only: true }], 'the http port counts');
  t.end();
});

t.test('a node that is chargehand itself', (t) => {
  const circle = (listen: string, address: string, port = 80): string[] =>
    problemsOf(`version: 1\nnodes: { a: ${address} }\nservices: { web: { listen: ${listen}, port: ${port} } }\n`);
  t.same(circle('"192.0.2.1:80"', '192.0.2.1'), [
    '2:10: nodes.a: web would dial 192.0.2.1:80, which is service web itself: sessions would go round in circles',
  ]);
  t.equal(circle('80', '127.0.0.1').length, 1);
  t.equal(circle('80', '"::1"').length, 1);
  t.equal(circle('"[::]:80"', '"0:0::1"').length, 1);
  t.same(circle('"127.0.0.1:80"', '127.0.0.2'), []);
  t.same(circle('80', '127.0.0.1', 81), []);
  t.same(circle('80', '192.0.2.1'), [], 'who can tell whether that is us');
  t.end();
});

t.test('a node that is another service of the file', (t) => {
  const chain = (services: string): string[] =>
    problemsOf(`version: 1
nodes:
  far: { address: 192.0.2.1, services: [end] }
  near: { address: 127.0.0.1, services: [${services}] }
services:
  outer: { listen: 80, port: 81 }
  inner: { listen: 81, port: 82 }
  end: { listen: 82, port: 80 }
`);
  t.same(chain('outer, inner'), [], 'sessions come out at the end');
  const circling = (from: string, port: number, to: string): string =>
    `4:3: nodes.near: ${from} would dial 127.0.0.1:${port}, which is service ${to}: sessions would go round in circles`;
  t.same(
    chain('outer, inner, end').toSorted(),
    [circling('outer', 81, 'inner'), circling('inner', 82, 'end'), circling('end', 80, 'outer')].toSorted(),
  );
  t.end();
});

t.test('two nodes with one address are worth a warning, unless their ports differ', (t) => {
  const twins = (more = '', service = ''): string[] =>
    problemsOf(`version: 1
nodes:
  a: 192.0.2.1
  b: { address: 192.0.2.1${more} }
services: { web: { listen: 80${service} } }
`);
  t.same(twins(), ['4:3: warning: nodes.b: has the same address as a: 192.0.2.1']);
  t.same(twins(', ports: { web: 81 }'), []);
  t.same(
    problemsOf(
      'version: 1\nnodes: { a: N.example, b: n.example }\nservices: { web: { listen: 80 }, x: { listen: 81 } }\n',
    ),
    ['2:24: warning: nodes.b: has the same address as a: n.example'],
    'once, not for each service',
  );
  t.end();
});
