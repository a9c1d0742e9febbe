import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadConfig } from '../../src/config/load.ts';
import { ConfigError, formatProblem } from '../../src/errors.ts';
import { checkConfig, problemsOf } from '../fixtures/config-text.ts';

const MB = 1_048_576;

t.test('files that are none', async (t) => {
  const dir = t.testdir({ 'ok.yaml': 'version: 1\nnodes: { a: 192.0.2.1 }\nservices: { web: { listen: 80 } }\n' });
  const said = async (file: string): Promise<string[]> => (await checkConfig(file)).map(formatProblem);
  t.same(await said(join(dir, 'ok.yaml')), []);
  t.same(await said(join(dir, 'no.yaml')), [`${dir}/no.yaml: there is no such file`]);
  t.same(await said(dir), [`${dir}: is a directory, not a file`]);
  t.same(await said(join(dir, 'ok.yaml', 'x')), [
    `${dir}/ok.yaml/x: there is no such file: a part of its path is not a directory`,
  ]);
  await t.rejects(loadConfig(join(dir, 'no.yaml')), ConfigError);

  const large = join(dir, 'large.yaml');
  writeFileSync(large, `version: 1\n# ${'x'.repeat(10 * MB)}\n`);
  t.same(await said(large), [`${large}: is larger than 1048576 bytes: this is no configuration of chargehand`]);

  const binary = join(dir, 'binary');
  writeFileSync(binary, Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0xff, 0xfe, 0x80]));
  t.same(await said(binary), [`${binary}: is not text in UTF-8`]);

  const pipe = join(dir, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const reading = said(pipe);
  writeFileSync(pipe, 'version: 1\nnodes: { a: 192.0.2.1 }\nservices: { web: { listen: 80 } }\n');
  t.same(await reading, [], 'a pipe is as good as a file');
});

t.test('a file that may not be read', async (t) => {
  const dir = t.testdir();
  const file = join(dir, 'secret.yaml');
  writeFileSync(file, 'version: 1\n');
  chmodSync(file, 0);
  mkdirSync(join(dir, 'sub'));
  if (process.getuid?.() === 0) {
    t.pass('root may read everything', { skip: 'these tests run as root' });
    return;
  }
  t.match((await checkConfig(file)).map(formatProblem), [/secret\.yaml: permission denied: .* may not read it/]);
});

const EMPTY = 'the file is empty: it needs at least version, nodes and services';
const QUOTES = ' (text with [ ] { } : # & * ! | > % @ in it needs quotes)';
const DEEP = 'is nested far deeper than a configuration can be';

const TEXTS: readonly (readonly [what: string, text: string, said: string])[] = [
  ['nothing', '', EMPTY],
  ['only comments', '# version: 1\n\n', EMPTY],
  ['only a document mark', '---\n', EMPTY],
  [
    'two documents',
    'version: 1\n---\nversion: 1\n',
    '2:1: a second document begins here ("---"): a configuration is one document',
  ],
  ['a tab', 'version: 1\nnodes:\n\ta: 192.0.2.1\n', '3:1: not valid YAML: a tab is no indentation, use spaces'],
  ['an open quote', 'version: 1\nname: "abc\n', '3:1: not valid YAML: Missing closing "quote'],
  [
    'an address without quotes',
    'services:\n  a:\n    listen: [::1]:443\n',
    `3:18: not valid YAML: Unexpected scalar at node end${QUOTES}`,
  ],
  [
    'a colon too many',
    'name: a: b\n',
    `1:7: not valid YAML: Nested mappings are not allowed in compact mappings${QUOTES}`,
  ],
  [
    'a key without a colon',
    'version: 1\nnodes\n',
    '2:1: not valid YAML: Implicit map keys need to be followed by map values',
  ],
  ['a NUL', 'version: 1\nname: a\0b\n', '2:8: holds the control character \\x00: this is no text file'],
  ['an escape', 'version: 1 # \x1b[2J\n', '1:14: holds the control character \\x1b: this is no text file'],
  [
    'a megabyte too many',
    `version: 1 #${'x'.repeat(MB)}`,
    'is larger than 1048576 bytes: this is no configuration of chargehand',
  ],
  ['lists in lists', '['.repeat(MB), `1:65: ${DEEP}`],
  ['maps in maps', '{'.repeat(MB), `1:65: ${DEEP}`],
  ['dashes', '- '.repeat(MB / 2), `1:128: ${DEEP}`],
  ['questions', '? '.repeat(MB / 2), `1:128: ${DEEP}`],
  ['steps', Array.from({ length: 900 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'), `64:65: ${DEEP}`],
  ['commas', `[${','.repeat(MB - 1)}`, '1:200000: has far more parts than a configuration can have'],
  ['an alias of nothing', 'a: *x\n', '1:4: no anchor &x stands before the alias *x'],
  ['an alias within itself', 'a: &a [*a]\n', '1:8: the alias *a stands within what it stands for'],
  ['aliases that explode', bomb(9), '4:45: its aliases unfold to more than 10000 values'],
];

for (const [what, text, said] of TEXTS) {
  t.test(what, (t) => {
    t.same(problemsOf(text), [said]);
    t.end();
  });
}

t.test('a fault below lines that are one stray text', (t) => {
  t.same(problemsOf('log: { level: info } and\n  more of it\nname: "abc\n'), [
    `1:22: not valid YAML: Unexpected scalar at node end${QUOTES}`,
    '4:1: not valid YAML: Missing closing "quote',
  ]);
  t.end();
});

t.test('a key of no letters', (t) => {
  const text = 'version: 1\nnodes: { a: 192.0.2.1 }\nservices:\n  web: { listen: 80, "": 1 }\n"": 1\n';
  t.same(problemsOf(text), ['4:22: services.web."": unknown key', '5:1: "": unknown key']);
  t.end();
});

t.test('a file of nothing but brackets ends after a few errors', (t) => {
  const problems = problemsOf(']'.repeat(MB));
  t.equal(problems.length, 10);
  for (const problem of problems) t.match(problem, /^1:\d+: not valid YAML: /);
  t.end();
});

t.test('aliases are fine as long as they stay small', (t) => {
  t.same(
    problemsOf(`version: 1
nodes: { a: 192.0.2.1, b: 192.0.2.2 }
services:
  one: { listen: 80, timeouts: &slow { idle: 1h } }
  two: { listen: 81, timeouts: *slow }
`),
    [],
  );
  t.same(
    problemsOf(`version: 1
nodes: { a: 192.0.2.1, b: 192.0.2.2 }
services:
  one: { listen: 80, timeouts: &slow { idel: 1h } }
  two: { listen: 81, timeouts: *slow }
`),
    [
      '4:40: services.one.timeouts.idel: unknown key (did you mean "idle"?)',
      '4:40: services.two.timeouts.idel: unknown key (did you mean "idle"?)',
    ],
  );
  t.end();
});

t.test('keys that are no text, stand twice, or mean something to JavaScript', (t) => {
  const keys = (text: string): string[] => problemsOf(`version: 1\nnodes: { a: 192.0.2.1 }\n${text}\n`);
  const web = 'services: { web: { listen: 80 } }';
  t.same(keys(`${web}\n80: x`), ['4:1: a key must be text: write "80"']);
  t.same(keys(`${web}\ntrue: x`), ['4:1: a key must be text: write "true"']);
  t.same(keys(`${web}\nnull: x`), ['4:1: a key must be text, not nothing']);
  t.same(keys(`${web}\n? [a]\n: x`), ['4:3: a key must be text, not nothing']);
  t.same(keys('services: { 80: { listen: 80 } }').slice(0, 1), [
    '3:1: services: there is no service: name a profile: or add a service of your own',
  ]);
  t.same(keys('services: { web: { listen: 80 }, web: { listen: 81 } }'), [
    '3:34: services.web: stands here a second time (first on line 3): keep one of them',
  ]);
  t.same(problemsOf(`version: 1\nnodes:\n  a: 192.0.2.1\n  a: 192.0.2.2\n${web}\n`), [
    '4:3: nodes.a: stands here a second time (first on line 3): keep one of them',
  ]);
  t.same(keys(`${web}\n__proto__: { nodes: 1 }\nconstructor: 1`), [
    '4:1: __proto__: unknown key',
    '5:1: constructor: unknown key',
  ]);
  t.same(keys('services: { web: { listen: 80, timeouts: { __proto__: 1s, toString: 1s } } }'), [
    '3:44: services.web.timeouts.__proto__: unknown key',
    '3:59: services.web.timeouts.toString: unknown key',
  ]);
  t.same(
    keys('services: { constructor: { listen: 80 }, toString: { listen: 81 }, hasOwnProperty: false }'),
    [],
    'as names they are names',
  );
  t.same(
    keys(`${web}\n"a\\nb\\e[31m\\u202e": 1`),
    ['4:1: a\\nb\\x1b[31m\\u{202e}: unknown key'],
    'nothing hidden gets out',
  );
  t.equal(Object.hasOwn(Object.prototype, 'nodes'), false);
  t.end();
});

t.test('tags and directives', (t) => {
  const said = problemsOf(
    '%FOO bar\n---\nversion: 1\nnodes: { a: !address 192.0.2.1 }\nservices: { web: { listen: 80 } }\n',
  );
  t.same(said, ['1:1: not understood: Unknown directive %FOO', '4:13: not understood: Unresolved tag: !address']);
  t.match(
    problemsOf(
      '%YAML 1.1\n---\nversion: 1\nnodes: { a: { address: x, backup: yes } }\nservices: { web: { listen: 80 } }\n',
    ),
    ['4:35: nodes.a.backup: must be true or false, not "yes"'],
    'YAML stays what it is now',
  );
  t.end();
});

t.test('line ends of Windows, a byte order mark, and JSON are fine', (t) => {
  t.same(problemsOf('\ufeffversion: 1\r\nnodes: { a: 192.0.2.1 }\r\nservices: { web: { listen: 80 } }\r\n'), []);
  t.same(problemsOf('{"version":1,"nodes":{"a":"192.0.2.1"},"services":{"web":{"listen":80}}}'), []);
  t.end();
});

/** Each level ten times the one before. */
function bomb(levels: number): string {
  const lines = ['l0: &l0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < levels; i++)
    lines.push(
      `l${i}: &l${i} [${Array(10)
        .fill(`*l${i - 1}`)
        .join(', ')}]`,
    );
  return `${lines.join('\n')}\n`;
}
