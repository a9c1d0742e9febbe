import t from 'tap';
import { NODES, placeOf, problemsOf } from '../fixtures/config-text.ts';

/** Keys of one service, the value that is marked as wrong, its path, and what is said of it. */
const WRONG_IN_SERVICE: readonly (readonly [keys: string, at: string, path: string, message: string])[] = [
  ['listen: 0', '0', 'listen', 'must be from 1 to 65535, not 0'],
  ['listen: "0-5"', '"0-5"', 'listen', 'port 0 is out of range: 1 to 65535'],
  ['listen: "127.0.0.1:65536"', '"127', 'listen', 'port 65536 is out of range: 1 to 65535'],
  ['listen: "9-8"', '"9-8"', 'listen', 'the range ends before it begins: write "8-9"'],
  ['listen: "1-2000"', '"1-2', 'listen', 'a range has at most 1024 ports'],
  ['listen: "::1:80"', '"::1', 'listen', 'write it in brackets: "[::1]:PORT"'],
  ['listen: "[127.0.0.1]:80"', '"[1', 'listen', 'only IPv6 has brackets'],
  [
    'listen: "localhost:80"',
    '"local',
    'listen',
    '"localhost" is no IP address: a listener needs one, a name could mean several',
  ],
  [
    'listen: "unix:web.sock"',
    '"unix',
    'listen',
    'the path of a Unix socket begins with /: "unix:/run/chargehand/web.sock"',
  ],
  [`listen: "unix:/${'x'.repeat(120)}"`, '"unix', 'listen', 'the path of a Unix socket has at most 107 bytes'],
  ['listen: "systemd:"', '"sys', 'listen', 'names no socket: write "systemd:NAME", NAME as in FileDescriptorName='],
  [
    'listen: http',
    'http',
    'listen',
    'must be a port, "ADDRESS:PORT", "[IPv6 ADDRESS]:PORT", "FIRST-LAST", "unix:/path" or "systemd:NAME", not "http"',
  ],
  [
    'listen: []',
    '[]',
    'listen',
    'must be a port, "ADDRESS:PORT", "FIRST-LAST", "unix:/path", "systemd:NAME", or a list of them, not an empty list',
  ],
  ['listen: [80, 81, 80], port: 1', '80], port', 'listen[2]', 'is the same as entry 1 of the list'],
  ['listen: 80, port: "81"', '"81"', 'port', 'must be a whole number from 1 to 65535, not "81"'],
  ['listen: 80, port: 8.5', '8.5', 'port', 'must be a whole number from 1 to 65535, not 8.5'],
  ['listen: 80, nodes: []', '[]', 'nodes', 'must be a list of names of nodes, not an empty list'],
  ['listen: 80, source_address: eth0', 'eth0', 'source_address', 'must be an IP address, or none, not "eth0"'],
  ['listen: 80, retries: -1', '-1', 'retries', 'must be from 0 to 100, not -1'],
  ['listen: 80, wait_for_client: yes', 'yes', 'wait_for_client', 'must be true or false, not "yes"'],
  ['listen: 80, on_down: kill', 'kill', 'on_down', 'must be one of keep or close, not "kill"'],
  [
    'listen: 80, max_sessions: none',
    'none',
    'max_sessions',
    'must be a whole number from 1 to 10000000, or auto, not "none"',
  ],
  ['listen: 80, queue: 1e9', '1e9', 'queue', 'must be from 0 to 1000000, not 1000000000'],
  [
    'listen: 80, rate_per_client: 20',
    '20 }',
    'rate_per_client',
    'must be a rate such as 20/s, { rate: 20/s, burst: 40 }, or none, not 20',
  ],
  [
    'listen: 80, rate_per_client: { burst: 4 }',
    'rate_per',
    'rate_per_client.rate',
    'is missing: must be a rate such as 20/s',
  ],
  [
    'listen: 80, allow: 192.0.2.0/24',
    '192.0.2.0/24',
    'allow',
    'must be a list of networks such as [192.0.2.0/24], not "192.0.2.0/24"',
  ],
  ['listen: 80, deny: ["::ffff:10.0.0.0/104"]', '"::ffff', 'deny[0]', 'write the IPv4 network itself, without ::ffff:'],
  [
    'listen: 80, proxy_protocol: { accept: true }',
    'true',
    'proxy_protocol.accept',
    'must be a list of the networks that send it such as [192.0.2.0/24], or false, not true',
  ],
  ['listen: 80, proxy_protocol: { send: v3 }', 'v3', 'proxy_protocol.send', 'must be v1, v2 or false, not "v3"'],
  [
    'listen: 80, keepalive: 500ms',
    '500ms',
    'keepalive',
    'is shorter than 1s, how often it is looked at: write 1s or more',
  ],
  [
    'listen: 80, keepalive: true',
    'true',
    'keepalive',
    'must be a duration of at least 1s such as 60s, or false, not true',
  ],
  ['listen: 80, slow_start: 30', '30 }', 'slow_start', 'must be a duration such as 200ms, 5s, 15m or 2h, not 30'],
  ['listen: 80, slow_start: 600h', '600h', 'slow_start', 'must be a duration such as 5s, at most 596h, not "600h"'],
  [
    'listen: 80, timeouts: 5s',
    '5s',
    'timeouts',
    'must be a map with the keys connect, handshake, first_byte, establish, queue, idle, idle_down, half_closed, drain or announce, not "5s"',
  ],
  ['listen: 80, hash: { bound: 1 }', '1 }', 'hash.bound', 'must be a number above 1 such as 1.25, or none, not 1'],
  ['listen: 80, hash: { prefix_v4: 33 }', '33', 'hash.prefix_v4', 'must be from 1 to 32, not 33'],
  [
    'listen: 80, health: true',
    'true',
    'health',
    'must be false, tcp, pulp, smart-proxy, puppetserver, puppet-ca, registry, templates, mqtt, apache, or a map such as { type: https, path: /status }, not true',
  ],
  [
    'listen: 80, health: { probe: plup }',
    'plup',
    'health.probe',
    'must be one of pulp, smart-proxy, puppetserver, puppet-ca, registry, templates, mqtt or apache, not "plup" (did you mean "pulp"?)',
  ],
  [
    'listen: 80, health: { interval: 5ms }',
    '5ms',
    'health.interval',
    'is shorter than 100ms, how often it is looked at: write 100ms or more',
  ],
  ['listen: 80, health: { ca: ca.pem }', 'ca.pem', 'health.ca', 'must be the absolute path of a file, not "ca.pem"'],
];

for (const [keys, at, path, message] of WRONG_IN_SERVICE) {
  t.test(keys.slice(0, 60), (t) => {
    const text = `${NODES}services:\n  web: { ${keys} }\n`;
    const start = text.indexOf('web:');
    const place = placeOf(text.slice(0, start) + text.slice(start).replace(at, `\u0001${at}`), '\u0001');
    const errors = problemsOf(text).filter((line) => !line.includes('warning:'));
    t.same(errors, [`${place}: services.web.${path}: ${message}`]);
    t.end();
  });
}

t.test('the doctor: not all the time, and paths as they stand in a URL', async (t) => {
  const wrong = (doctor: string): string[] =>
    problemsOf(`${NODES}services: { web: { listen: 80 } }\ndoctor: ${doctor}\n`)
      .filter((line) => !line.includes('warning:'))
      .map((line) => line.replace(/^[\d:]+ doctor\./, ''));
  const tooOften = 'interval: is shorter than 1m, and each time every node is asked everything: write 1m or more';
  t.same(wrong('{ interval: 1s }'), [tooOften]);
  t.same(wrong('{ interval: 59s }'), [tooOften]);
  t.same(wrong('{ interval: 1m, repositories: [/pulp/content/a/] }'), []);
  for (const path of ['pulp/content/a/', 'https://lb.example.net/pulp/content/a/']) {
    t.same(wrong(`{ repositories: ["${path}"] }`), [
      `repositories[0]: must be the path of a repository as it stands in its URL after the host, from "/" on, not "${path}"`,
    ]);
  }
});

t.test('expectations of a probe', (t) => {
  const wrong = (expect: string): string[] =>
    problemsOf(`${NODES}services:\n  web: { listen: 80, health: { type: http, expect: ${expect} } }\n`)
      .filter((line) => !line.includes('warning:'))
      .map((line) => line.replace(/^[\d:]+ services\.web\.health\.expect\./, ''));
  t.same(wrong('{ status: [99] }'), ['status[0]: must be from 100 to 599, not 99']);
  t.same(wrong('{ status: 200 }'), ['status: must be a list of statuses such as [200], not 200']);
  t.same(wrong('{ json: { "a..b": 1 } }'), [
    'json.a..b: is no path: write keys with dots between, such as database_connection.connected, or "$"',
  ]);
  t.same(wrong('{ json: { a: { min: 1, contains: [2] } } }'), [
    'json.a: must be a value, not_empty, { contains: [...] } or { min: N }, not a map',
  ]);
  t.same(wrong('{ json: { a: { least: 1 } } }'), ['json.a.least: unknown key']);
  t.same(wrong('{ json: { a: [1] } }'), [
    'json.a: must be a value, not_empty, { contains: [...] } or { min: N }, not a list',
  ]);
  t.end();
});

t.test('the whole file', (t) => {
  const whole = (text: string): string[] => problemsOf(text);
  const web = 'services: { web: { listen: 80 } }\n';
  t.same(whole(`nodes: { a: 192.0.2.1 }\n${web}`), ['1:1: version: is missing: must be 1']);
  t.same(whole(`version: 2\nnodes: { a: 192.0.2.1 }\n${web}`), ['1:10: version: must be 1, not 2']);
  t.same(whole(`version: 1\nnodes: {}\n${web}`), [
    '2:8: nodes: must be a map of at least one node: { proxy01: 192.0.2.11 }, not an empty map',
  ]);
  t.same(whole(`version: 1\nnodes:\n${web}`), [
    '2:1: nodes: must be a map of at least one node: { proxy01: 192.0.2.11 }, but it is empty',
  ]);
  t.same(whole(`${NODES}services:\n`), [
    '5:1: services: there is no service: name a profile: or add a service of your own',
  ]);
  t.same(whole(`${NODES}services: { web: }\n`), [
    '5:13: services.web: must be a map of the keys of a service ({}: as it is), or false to take it out, but it is empty',
  ]);
  t.same(whole('just text\n'), ['1:1: must be a map: a configuration begins with "version: 1", not "just text"']);
  const long = `/run/${'x'.repeat(103)}`;
  t.same(whole(`${NODES}${web}admin: { socket: "${long}" }\nhaproxy: { socket: "${long}" }\n`), [
    `6:18: admin.socket: the path of a Unix socket has at most 107 bytes`,
    `7:20: haproxy.socket: the path of a Unix socket has at most 107 bytes`,
  ]);
  t.same(whole(`${NODES}${web}admin: { mode: 0660 }\n`), [
    '6:16: admin.mode: must be an octal mode in quotes such as "0660", not 660',
  ]);
  t.same(whole(`${NODES}${web}name: "192.0.2.1"\n`), ['6:7: name: must be a DNS name, not "192.0.2.1"']);
  t.same(whole(`${NODES}${web}max_sessions: 0\n`), ['6:15: max_sessions: must be from 1 to 10000000, not 0']);
  t.end();
});

t.test('names of nodes and services', (t) => {
  const message =
    'is no name: a name begins with a letter or digit, goes on with letters, digits, ".", "_" or "-", and has at most 64';
  t.same(problemsOf('version: 1\nnodes: { "-a": 192.0.2.1 }\nservices: { web: { listen: 80 } }\n').slice(0, 1), [
    `2:10: nodes.-a: ${message}`,
  ]);
  t.same(problemsOf(`${NODES}services: { "a b": { listen: 80 } }\n`), [`5:13: services.a b: ${message}`]);
  t.same(problemsOf(`${NODES}services: { ${'x'.repeat(65)}: { listen: 80 } }\n`).length, 1);
  t.same(problemsOf(`${NODES}services: { ${'x'.repeat(64)}: { listen: 80 } }\n`), []);
  t.end();
});

t.test('addresses of nodes', (t) => {
  const said = (address: string): string[] =>
    problemsOf(`version: 1\nnodes: { a: ${address} }\nservices: { web: { listen: 80 } }\n`).map((line) =>
      line.replace(/^[\d:]+ nodes\.a: /, ''),
    );
  for (const good of ['192.0.2.1', '"2001:db8::1"', 'node1.example.net', 'node1.example.net.', 'my_node', 'x']) {
    t.same(said(good), [], good);
  }
  t.same(said('192.0.2.300'), ['must be an IP address or a DNS name, not "192.0.2.300"']);
  for (const many of ['0.0.0.0', '::', '224.0.0.1', 'ff02::1', '255.255.255.255', '::ffff:0.0.0.0']) {
    t.same(said(`"${many}"`), [`must be the address of one machine, not "${many}"`]);
  }
  t.same(said('"node1 "'), ['must be an IP address or a DNS name, not "node1 "']);
  t.same(said('node1:443'), ['has a port in it: write "node1" here, and the port at the service or in ports:']);
  t.same(said('"[2001:db8::1]:443"'), [
    'has a port in it: write "2001:db8::1" here, and the port at the service or in ports:',
  ]);
  t.same(said('5'), ['must be an address, a DNS name, or a map such as { address: 192.0.2.11, weight: 2 }, not 5']);
  t.end();
});
