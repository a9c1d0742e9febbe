import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/load.ts';
import { renderConfig, showConfig } from '../../src/config/show.ts';
import { checkConfig, configOf } from '../fixtures/config-text.ts';

t.setTimeout(60_000 * Number(process.env['FUZZ'] ?? 1));

const show = (text: string): string => renderConfig(parseConfig(text, 'f'));

/** Showing and reading again changes nothing but the profile, which is not needed any more. */
function roundTrip(text: string): { before: Partial<Config>; after: Partial<Config>; shown: string } {
  const shown = show(text);
  const { profile: _before, ...before } = configOf(text);
  const { profile: _after, ...after } = configOf(shown);
  return { before, after, shown };
}

const FULL = `version: 1
name: lb.example.net
profile: foreman-current
ca_node: a
nodes:
  a: 192.0.2.11
  b: { address: b.example.net, weight: 2, state: drain, ports: { ldap: 1389, mqtt: 1884 } }
  "9": { address: "2001:db8::9", services: [ldap, mqtt], backup: true }
defaults:
  retries: 2
  health: { interval: 10s }
services:
  https: { health: { expect: { json: { storage.free: { min: 1000 }, x: not_empty, y: null, "a:b": "[" } } } }
  puppet: false
  ldap:
    listen: ["127.0.0.1:389", "[::1]:389", "unix:/run/ldap.sock"]
    port: 389
    balance: source
    hash: { bound: 1.25, prefix_v4: 24 }
    health: { type: https, path: /status, headers: { X-Who: "me: # [you]" }, ca: /etc/ca.pem, expect: { contains: "ok\\n\\e\\u2028\\x7f:" } }
    rate_per_client: { rate: 20/s, burst: 40 }
    allow: [192.0.2.0/24, "2001:db8::/32"]
    proxy_protocol: { accept: [10.0.0.0/8], send: v2 }
    keepalive: false
  range: { listen: "8100-8102", nodes: [b, a] }
  "80": { listen: "[::]:8404", port: 80, balance: pinned, node: b, health: false }
http: { listen: "127.0.0.1:8404", allow: [127.0.0.1] }
log: { level: debug, format: json }
max_sessions: 4000
`;

t.test('reading it again gives an equal configuration', (t) => {
  for (const text of [
    FULL,
    'version: 1\nprofile: foreman-2018\nca_node: a\nnodes: { a: 192.0.2.1 }\n',
    'version: 1\nprofile: foremanctl\nnodes: { a: 192.0.2.1 }\nhttp: false\n',
    'version: 1\nnodes: { a: 192.0.2.1 }\nservices: { "true": { listen: 80 }, "1e3": { listen: 81 }, "null": { listen: 82 } }\n',
  ]) {
    const { before, after, shown } = roundTrip(text);
    t.strictSame(after, before);
    t.notMatch(shown, /^profile:/m);
    t.equal(stripComments(show(shown)), stripComments(shown), 'and showing that again changes nothing but origins');
  }
  t.end();
});

t.test('each value says where it comes from', (t) => {
  const lines = show(FULL).split('\n');
  const has = (line: RegExp): void => {
    t.ok(
      lines.some((one) => line.test(one)),
      String(line),
    );
  };
  has(/^name: lb\.example\.net +# line 2$/);
  has(/^ {4}address: 192\.0\.2\.11 +# line 6$/);
  has(/^ {4}weight: 2 +# line 7$/);
  has(/^ {4}weight: 1 +# default$/);
  has(/^ {4}retries: 2 +# defaults, line 10$/);
  has(/^ {6}interval: 10s +# defaults, line 11$/);
  has(/^ {4}listen: 443 +# profile foreman-current$/);
  has(/^ {6}path: \/pulp\/api\/v3\/status\/ +# probe pulp$/);
  has(/^ {10}storage\.free: \{ min: 1000 \} +# line 13$/);
  has(/^ {6}servername: lb\.example\.net +# default$/);
  has(/^ {4}port: 389 +# line 17$/);
  has(/^ {6}bound: 1\.25 +# line 19$/);
  has(/^ {2}allow: \[127\.0\.0\.1\] +# line 27$/);
  has(/^max_sessions: 4000 +# line 29$/);
  for (const line of lines) {
    if (/^ *[^#\s].*: \S/.test(line))
      t.match(line, / # (default|defaults, line \d+|line \d+|profile \S+|probe \S+)$/, line);
  }
  t.end();
});

t.test('from a file', async (t) => {
  const dir = t.testdir({ 'in.yaml': FULL });
  const out = join(dir, 'out.yaml');
  writeFileSync(out, await showConfig(join(dir, 'in.yaml')));
  t.same(
    (await checkConfig(out)).filter(({ severity }) => severity === 'error'),
    [],
  );
  await t.rejects(showConfig(join(dir, 'no.yaml')), { code: 'config-invalid' });
});

t.test('whatever texts and numbers a file holds', (t) => {
  const printed = fc.string({ unit: 'binary', maxLength: 8 }).filter((text) => !/\p{Cs}/u.test(text));
  const service = fc.record(
    {
      retries: fc.nat(100),
      slow_start: fc.tuple(fc.nat(500), fc.constantFrom('ms', 's', 'm', 'h')).map(([n, unit]) => `${n}${unit}`),
      balance: fc.constantFrom('roundrobin', 'leastconn', 'random', 'source'),
      wait_for_client: fc.boolean(),
      max_sessions: fc.oneof(fc.constant('auto'), fc.integer({ min: 1, max: 10_000 })),
      max_sessions_per_client: fc.oneof(fc.constant('none'), fc.integer({ min: 1, max: 10_000 })),
      rate_per_client: fc.constantFrom('none', '5/s', '7/m', '1/h'),
      keepalive: fc.constantFrom(false, '1s', '2h'),
      health: fc.oneof(
        fc.constantFrom(false as const, 'tcp', 'pulp', 'mqtt', 'registry', 'apache'),
        fc.record(
          {
            type: fc.constantFrom('tcp', 'tls', 'http', 'https'),
            rise: fc.integer({ min: 1, max: 9 }),
            expect: fc.record(
              {
                status: fc.uniqueArray(fc.integer({ min: 100, max: 599 }), { maxLength: 3 }),
                contains: printed.filter((text) => text !== ''),
                json: fc.dictionary(
                  fc.constantFrom('$', 'a', 'a.b', '1', 'true', '{', '#', '__proto__', 'a: b'.replace(' ', '')),
                  fc.oneof(
                    printed,
                    fc.boolean(),
                    fc.constant(null),
                    fc.integer(),
                    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Object.is(n, -0)),
                    fc.record({ contains: fc.array(fc.oneof(printed, fc.boolean(), fc.integer()), { maxLength: 3 }) }),
                    fc.record({ min: fc.integer() }),
                  ),
                  { maxKeys: 4 },
                ),
              },
              { requiredKeys: [] },
            ),
          },
          { requiredKeys: [] },
        ),
      ),
    },
    { requiredKeys: [] },
  );
  const name = fc.constantFrom(
    'web',
    '80',
    '1e3',
    'true',
    'null',
    'constructor',
    'https',
    'http',
    'a.b',
    '0x1',
    '.5'.slice(1),
  );
  const file = fc.record({
    profile: fc.constantFrom(undefined, 'foreman-current', 'foreman-2018', 'foremanctl'),
    defaults: service,
    services: fc.dictionary(name, service, { minKeys: 1, maxKeys: 4 }),
  });
  fc.assert(
    fc.property(file, (contents) => {
      const services = Object.fromEntries(
        Object.entries(contents.services).map(([key, one], i) => [key, { ...one, listen: 20_000 + i }]),
      );
      const text = JSON.stringify({
        version: 1,
        ca_node: 'a',
        nodes: { a: '192.0.2.1', b: 'b.example' },
        ...contents,
        services,
      }).replaceAll('\x7f', '\\u007f');
      try {
        configOf(text);
      } catch {
        // Keys that don't go together: not what this is about.
        return;
      }
      const read = roundTrip(text);
      t.equal(JSON.stringify(read.after), JSON.stringify(read.before));
    }),
    { numRuns: 60 * Number(process.env['FUZZ'] ?? 1) },
  );
  t.end();
});

function stripComments(text: string): string {
  return text.replaceAll(/ +# .*$|^#.*\n/gm, '');
}
