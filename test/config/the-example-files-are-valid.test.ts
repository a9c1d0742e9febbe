import { readdirSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import t from 'tap';
import { FORMATS } from '../../src/config/formats.ts';
import { loadConfig } from '../../src/config/load.ts';
import { isMap } from '../../src/config/merge.ts';
import { SCHEMA } from '../../src/config/schema.ts';
import { formatProblem } from '../../src/errors.ts';
import { checkConfig } from '../fixtures/config-text.ts';

const folder = new URL('../../config/', import.meta.url);
const examples = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

t.test('the examples are there', (t) => {
  for (const name of ['demo', 'foreman-2018', 'foreman-current', 'foremanctl', 'general']) {
    t.ok(examples.includes(`${name}.yaml`), name);
  }
  t.end();
});

for (const name of examples) {
  t.test(name, async (t) => {
    const file = new URL(name, folder).pathname;
    const problems = (await checkConfig(file)).map(formatProblem);
    t.same(problems, []);
    t.match(
      readFileSync(file, 'utf8'),
      /^# yaml-language-server: \$schema=\.\/schema\.json\n/,
      'editors find the schema',
    );
  });
}

t.test('the demo: nine services before three nodes, all on loopback and without privileges', async (t) => {
  const { config } = await loadConfig(new URL('demo.yaml', folder).pathname);
  t.same(
    config.nodes.map(({ name, host }) => `${name} ${host}`),
    ['proxy01 127.0.10.1', 'proxy02 127.0.10.2', 'proxy03 127.0.10.3'],
  );
  const table = config.services.map(({ name, listen: [at], backends, balance }) => {
    const where = at?.kind === 'tcp' ? `${at.host}:${at.port}` : '';
    return `${name} ${where} ${balance.strategy} ${[...new Set(backends.map(({ port }) => port))]} x${backends.length}`;
  });
  t.same(table, [
    'http 127.0.0.1:10080 roundrobin 10080 x3',
    'anaconda 127.0.0.1:18000 roundrobin 18000 x3',
    'https 127.0.0.1:10443 source 10443 x3',
    'rhsm 127.0.0.1:18443 roundrobin 18443 x3',
    'amqp 127.0.0.1:15647 source 15647 x3',
    'puppet 127.0.0.1:18140 roundrobin 18140 x3',
    'puppet-ca 127.0.0.1:18141 pinned 18140 x1',
    'smart-proxy 127.0.0.1:19090 roundrobin 19090 x3',
    'docker 127.0.0.1:15000 roundrobin 15000 x3',
  ]);
  t.equal(config.name, 'smartproxy.example.test');
  t.match(config.http, { host: '127.0.0.1', port: 18404 });
});

t.test('config/schema.json is what src/config/schema.ts says', (t) => {
  const written: unknown = JSON.parse(readFileSync(new URL('schema.json', folder), 'utf8'));
  t.strictSame(written, JSON.parse(JSON.stringify(SCHEMA)), 'else: node --import=tsx scripts/write-schema.ts');
  t.end();
});

t.test('the schema is a sound one, and every key of it is described', (t) => {
  const ajv = new Ajv({ allowUnionTypes: true });
  ajv.addKeyword('errorMessage');
  for (const name of Object.keys(FORMATS)) ajv.addFormat(name, true);
  t.ok(ajv.validateSchema(SCHEMA), ajv.errorsText());
  t.doesNotThrow(() => ajv.compile(SCHEMA));

  const undescribed: string[] = [];
  const look = (schema: unknown, path: string): void => {
    if (!isMap(schema)) return;
    for (const [key, inner] of Object.entries(isMap(schema['properties']) ? schema['properties'] : {})) {
      if (isMap(inner) && inner['description'] === undefined) undescribed.push(`${path}.${key}`);
      look(inner, `${path}.${key}`);
    }
    for (const key of ['additionalProperties', 'items', 'definitions', 'service']) look(schema[key], `${path}.${key}`);
  };
  look(SCHEMA, '');
  t.same(undescribed, []);
  t.end();
});
