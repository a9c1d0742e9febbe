// Whatever stands in a haproxy.cfg: the import ends, and gives YAML that is valid, or says in words why not.

import fc from 'fast-check';
import t from 'tap';
import { parseConfig } from '../../src/config/load.ts';
import { ConfigError } from '../../src/errors.ts';
import { holds } from '../fixtures/fuzz.ts';
import { FILES, haproxyFile, imported } from '../fixtures/imported.ts';

const seed = fc.constantFrom(...FILES.map(haproxyFile));

/** What is said of the whole file, since no line of it is to blame. */
const OF_THE_WHOLE =
  /^(has far more lines than can be carried over|there is no service in mode tcp here|port \d+ \(.*\) is missing)/;

/** Throws where the promise is broken. */
function isImported(text: string): 'valid' | 'refused' {
  const told = (one: { readonly line: number; readonly message: string }): void => {
    const { line, message } = one;
    if (message === '' || message.length > 3_000 || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(message))
      throw new Error(`told: ${JSON.stringify(one)}`);
    const hasLine = line >= 1 && line <= text.split('\n').length;
    if (OF_THE_WHOLE.test(message) ? line !== 0 : !hasLine) throw new Error(`where: ${JSON.stringify(one)}`);
  };
  try {
    const { yaml, remarks } = imported(text);
    parseConfig(yaml, 'chargehand.yaml');
    remarks.forEach(told);
    return 'valid';
  } catch (error) {
    if (!(error instanceof ConfigError) || error.problems.length === 0) throw error;
    error.problems.forEach(told);
    return 'refused';
  }
}

const WORDS = fc.constantFrom(
  ...[
    'global',
    'defaults',
    'frontend',
    'backend',
    'listen',
    'bind',
    'server',
    'default-server',
    'balance',
    'source',
    'mode',
  ],
  ...[
    'tcp',
    'http',
    'timeout',
    'client',
    'server',
    'option',
    'httpchk',
    'tcp-check',
    'http-check',
    'expect',
    'status',
    'acl',
  ],
  ...[
    'src',
    'tcp-request',
    'connection',
    'reject',
    'accept',
    'if',
    'unless',
    '!',
    '{',
    '}',
    '||',
    'check',
    'weight',
    'backup',
  ],
  ...[
    'disabled',
    'maxconn',
    'no',
    'use_backend',
    'default_backend',
    'a',
    'b',
    '10.0.0.0/8',
    '*:80',
    ':::443',
    'v4v6',
    '-1',
  ],
  ...[
    '192.0.2.1:80',
    '192.0.2.2',
    '[::1]:80',
    '::1:80',
    '0',
    '256',
    '1m',
    '99999d',
    '"',
    "'",
    '\\',
    '$',
    '"$X"',
    '#',
    '.if',
  ],
  ...[
    '.else',
    '.endif',
    'setenv',
    'stick',
    'on',
    'stick-table',
    'hash-type',
    'consistent',
    'retries',
    'from',
    'inter',
    'rise',
  ],
  ...[
    'send-proxy',
    'accept-proxy',
    '/run/x',
    'unix@/x',
    '*:1-70000',
    '*:8000-8010',
    '+1',
    'node:80',
    '__proto__',
    'constructor',
  ],
  ...[
    '443',
    '9090',
    '8000',
    '*:443',
    '*:9090',
    '*:8000',
    '*:8141',
    '192.0.2.1:443',
    '192.0.2.1:9090',
    '192.0.2.1:8140',
  ],
);

const line = fc.array(WORDS, { maxLength: 8 }).map((words) => words.join(' '));
const lines = fc.array(line, { maxLength: 40 }).map((all) => all.join('\n'));
holds(
  t,
  'lines of HAProxy’s own words',
  120,
  fc.property(lines, (text) => void isImported(text)),
);

const change = fc.tuple(fc.nat(), fc.constantFrom('put', 'take', 'swap', 'double line', 'take line'), WORDS);
const count = { valid: 0, refused: 0 };
holds(
  t,
  'a good file with a word put in, taken out or doubled',
  120,
  fc.property(seed, fc.array(change, { minLength: 1, maxLength: 6 }), (text, changes) => {
    let lines = text.split('\n');
    for (const [at, how, word] of changes) {
      const i = at % lines.length;
      const words = (lines[i] ?? '').split(' ');
      const j = at % words.length;
      if (how === 'put') words.splice(j, 0, word);
      else if (how === 'take') words.splice(j, 1);
      else if (how === 'swap') words[j] = word;
      if (how === 'double line') lines.splice(i, 0, lines[i] ?? '');
      else if (how === 'take line') lines.splice(i, 1);
      else lines[i] = words.join(' ');
      if (lines.length === 0) lines = [''];
    }
    count[isImported(lines.join('\n'))]++;
  }),
);
t.test('some of them are still good', async (t) => {
  t.ok(count.valid > 0, `${count.valid} valid, ${count.refused} refused`);
});

const any = fc.oneof(fc.string({ unit: 'binary', maxLength: 400 }), fc.string({ unit: 'grapheme', maxLength: 400 }));
holds(
  t,
  'any text at all',
  120,
  fc.property(any, seed, fc.nat(), (noise, text, at) => {
    isImported(noise);
    const i = at % text.length;
    isImported(text.slice(0, i) + noise + text.slice(i));
  }),
);

t.test('large files end, too', async (t) => {
  const size = 300_000;
  const fill = (line: string): string => line.repeat(Math.ceil(size / line.length));
  const texts = {
    'one quote': `listen a\n bind "${'$'.repeat(size)}`,
    'one word': `listen ${'a'.repeat(size)}`,
    'many servers': `listen a\n bind *:80\n${fill(' server s 192.0.2.1:80\n')}`,
    'many sections': fill('listen a\n bind *:80\n server s 192.0.2.1:80\n'),
    'deep conditions': fill('.if 1\n'),
    'one deep condition': `.if ${'('.repeat(size)}`,
    'many acls': `listen a\n bind *:80\n server s 192.0.2.1:80\n${fill(' acl x src 10.0.0.0/8\n')}`,
    'many binds': `listen a\n server s 192.0.2.1:80\n${fill(' bind *:80\n')}`,
  };
  for (const [name, text] of Object.entries(texts)) t.doesNotThrow(() => void isImported(text), name);
});
