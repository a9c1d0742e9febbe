import t from 'tap';
import type { JsonExpectation } from '../../src/config/config.ts';
import { parseJsonPath } from '../../src/core/json-path.ts';
import { checkJson } from '../../src/health/json-predicate.ts';

const document = {
  database_connection: { connected: true, pool: null },
  online_content_apps: [{ name: 'a' }],
  none: [],
  empty: {},
  features: ['registration', 'templates'],
  storage: { free: 12, text: '12' },
  version: '3.14',
  'with space': 1,
  evil: '\u001b[2J',
};

const stories: [string, JsonExpectation, string | undefined][] = [
  ['database_connection.connected', { equals: true }, undefined],
  ['database_connection.connected', { equals: false }, 'database_connection.connected is true'],
  ['database_connection.pool', { equals: null }, undefined],
  ['database_connection.pool', { equals: 1 }, 'database_connection.pool is null, not 1'],
  ['database_connection.none', { equals: true }, 'database_connection.none is missing'],
  ['database_connection.connected.more', { notEmpty: true }, 'database_connection.connected.more is missing'],
  ['version', { equals: '3.14' }, undefined],
  ['version', { equals: 3.14 }, 'version is "3.14", not 3.14'],
  ['evil', { equals: 'good' }, 'evil is "\\u001b[2J", not "good"'],
  ['features', { contains: ['templates'] }, undefined],
  ['features', { contains: ['templates', 'openscap', 'ansible'] }, 'features lacks "openscap", "ansible"'],
  ['$.features', { contains: ['registration'] }, undefined],
  ['$', { contains: ['features'] }, undefined],
  ['$', { contains: ['nothing'] }, 'the answer lacks "nothing"'],
  ['version', { contains: ['3.'] }, undefined],
  ['storage.free', { contains: [12] }, 'storage.free is 12, not a list'],
  ['online_content_apps', { notEmpty: true }, undefined],
  ['online_content_apps.0.name', { equals: 'a' }, undefined],
  ['online_content_apps.1', { notEmpty: true }, 'online_content_apps.1 is missing'],
  ['none', { notEmpty: true }, 'none is empty'],
  ['empty', { notEmpty: true }, 'empty is empty'],
  ['database_connection.pool', { notEmpty: true }, 'database_connection.pool is empty'],
  ['storage.free', { notEmpty: true }, undefined],
  ['storage.free', { min: 12 }, undefined],
  ['storage.free', { min: 13 }, 'storage.free is 12, below 13'],
  ['storage.text', { min: 1 }, 'storage.text is "12", not a number'],
  ['constructor', { notEmpty: true }, 'constructor is missing'],
  ['__proto__.constructor', { notEmpty: true }, '__proto__.constructor is missing'],
  ['features.length', { min: 1 }, undefined],
  ['a..b', { notEmpty: true }, 'a..b is no path'],
];

for (const [path, expected, wrong] of stories) {
  t.equal(checkJson(document, path, expected), wrong, `${path} ${JSON.stringify(expected)}`);
}

const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
t.equal(checkJson(deep, '$', { equals: 1 }), 'the answer is nested too deep to be shown, not 1');
t.equal(checkJson({ a: deep }, 'a', { min: 1 }), 'a is nested too deep to be shown, not a number');

for (const root of [null, 1, 'text', true]) t.equal(checkJson(root, 'a', { notEmpty: true }), 'a is missing');
t.equal(checkJson(['a'], '$', { contains: ['a'] }), undefined);
t.equal(checkJson([], '$', { notEmpty: true }), 'the answer is empty');

for (const path of ['', '.', 'a.', '.a', 'a b', '$.', 'a..b'])
  t.equal(parseJsonPath(path), undefined, `no path: ${path}`);
t.same(parseJsonPath('$'), []);
t.same(parseJsonPath('$.a.0'), ['a', '0']);
