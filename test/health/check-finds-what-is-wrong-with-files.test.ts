import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { makeAuthority } from '../../demo/certificates.ts';
import { parseConfig } from '../../src/config/load.ts';
import { healthFaults } from '../../src/control/health-faults.ts';
import { formatProblem } from '../../src/errors.ts';
import { healthProblems } from '../../src/health/health-problems.ts';
import { serviceConfig } from '../fixtures/balancer.ts';
import { NODES, placeOf, problemsOf } from '../fixtures/config-text.ts';
import { healthConfig } from '../fixtures/health-config.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';

t.test('files that are there and good are no problem, and every other one is, at once', async (t) => {
  const folder = temporaryFolder(t);
  const authority = await makeAuthority();
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, authority.certificate);
  const missing = join(folder, 'missing.pem');
  const problems = healthProblems([
    serviceConfig({ name: 'none' }),
    serviceConfig({ name: 'good', health: healthConfig({ type: 'tls', ca }) }),
    serviceConfig({ name: 'missing', health: healthConfig({ type: 'tls', ca: missing }) }),
    serviceConfig({ name: 'half', health: healthConfig({ type: 'tls', cert: ca }) }),
    serviceConfig({
      name: 'path',
      health: healthConfig({
        type: 'http',
        expect: { status: [], contains: undefined, headers: {}, json: { 'a..b': { notEmpty: true } } },
      }),
    }),
  ]);
  t.same(problems, [
    { service: 'missing', key: 'ca', message: `ca ${missing} can't be read: no such file` },
    { service: 'half', key: 'cert', message: 'cert without key' },
    {
      service: 'path',
      key: 'expect/json',
      message: 'a..b is no path: write keys with dots between, or $ for the whole',
    },
  ]);
});

t.test('what is wrong with a predicate or a path stands in the file itself, with its place', async (t) => {
  const health = (expect: string): string =>
    `${NODES}services:\n  s: { listen: 1000, health: { type: http, expect: ${expect} } }\n`;
  t.same(problemsOf(health('{ json: { a.b: true, $: { contains: [x] }, c: not_empty, d: { min: 1 } } }')), []);
  const stories: readonly (readonly [expect: string, at: string, message: string])[] = [
    ['{ json: { a..b: true } }', 'a..b', 'is no path: write keys with dots between'],
    ['{ json: { "a b": true } }', '"a b"', 'is no path: write keys with dots between'],
    ['{ json: { a: { matches: ".*" } } }', 'matches', 'matches'],
    ['{ json: { a: { contains: x } } }', 'x } } } }', 'must be a list of values'],
    ['{ json: { a: { min: many } } }', 'many', 'must be a number'],
    ['{ json: { a: [1] } }', '[1]', 'must be a value, not_empty, { contains: [...] } or { min: N }'],
    ['{ headers: { "no header": x } }', '"no header"', 'is no name of a header'],
    ['{ contains: 5 }', '5 }', 'must be some text'],
    ['{ contain: x }', 'contain', 'contains'],
  ];
  for (const [expect, at, message] of stories) {
    const text = health(expect);
    const [problem = '', ...more] = problemsOf(text);
    t.same(more, [], expect);
    t.ok(problem.startsWith(`${placeOf(text, at)}: services.s.health.expect`), problem);
    t.ok(problem.includes(message), problem);
  }
});

t.test('a file that is not there is told where the configuration names it, and once', async (t) => {
  const shown = (text: string): string[] => healthFaults(parseConfig(text, 'f')).map(formatProblem);
  const missing = "ca /nowhere/ca.pem can't be read: no such file";
  const own = `${NODES}services:\n  s: { listen: 1000, health: { type: tls, ca: /nowhere/ca.pem } }\n`;
  t.same(shown(own), [`f:${placeOf(own, '/nowhere')}: services.s.health.ca: ${missing}`]);
  const all = `${NODES}defaults: { health: { type: tls, ca: /nowhere/ca.pem } }\nservices:\n  s: { listen: 1 }\n  t: { listen: 2 }\n`;
  t.same(shown(all), [`f:${placeOf(all, '/nowhere')}: defaults.health.ca: ${missing}`]);
  const pair = `${NODES}services:\n  s: { listen: 1000, health: { type: tls, cert: /nowhere/c, key: /nowhere/k } }\n`;
  t.same(shown(pair), [
    `f:${placeOf(pair, '/nowhere/c')}: services.s.health.cert: cert /nowhere/c can't be read: no such file`,
  ]);
});
