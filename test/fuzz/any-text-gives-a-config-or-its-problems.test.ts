// Whatever a file holds: a Config, or problems that are one line each, speak no JSON Schema and name a place in the file.

import fc from 'fast-check';
import t from 'tap';
import { isMap } from '../../src/config/merge.ts';
import { PROBE_NAMES } from '../../src/config/named-probes.ts';
import { PROFILE_NAMES } from '../../src/config/profiles/profile.ts';
import { SCHEMA } from '../../src/config/schema.ts';
import { formatProblem, type Problem } from '../../src/errors.ts';
import { problemsIn } from '../fixtures/config-text.ts';
import { holds } from '../fixtures/fuzz.ts';

const JARGON =
  /must match|must NOT|schema|pattern|anyOf|oneOf|additional propert|keyword|instance|undefined|\[object|NaN|TypeError|is not what can stand here/;

/** What no place in the file could show, since nothing is there. */
const OF_THE_WHOLE = /^the file is empty/;
/** What is said of the text or of its topmost map; all else is said of a key, a value or what is missing, by its path. */
const WITHOUT_PATH = new RegExp(
  [
    '^(not valid YAML|not understood|holds the control character|is nested|has far more parts|a second document|no anchor',
    'the alias|its aliases|must be a map: a configuration|a key must be text|and \\d+ more problems)',
  ].join('|'),
);

function isClear(problem: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  return !/[\0-\x1f\x7f]/.test(problem) && !JARGON.test(problem.replace(/".*"/gs, '')) && problem.length < 1_000;
}

function hasPlace({ line, column, path, message }: Problem, lines: readonly string[]): boolean {
  if (OF_THE_WHOLE.test(message)) return line === 0 && path === '';
  const named = lines[line - 1];
  if (named === undefined || column < 1 || column > named.length + 1) return false;
  return path !== '' || WITHOUT_PATH.test(message);
}

function judged(text: string): readonly Problem[] {
  const problems = problemsIn(text);
  const lines = text.split('\n');
  const unclear = problems.filter((problem) => !isClear(formatProblem(problem)) || !hasPlace(problem, lines));
  if (unclear.length > 0) throw new Error(`not clear: ${unclear.map((one) => JSON.stringify(one)).join('\n')}`);
  return problems;
}

const isJudged = (text: string): void => void judged(text);

/** Every key that the schema knows. */
function keysIn(schema: unknown, keys: Set<string>): Set<string> {
  if (Array.isArray(schema)) for (const inner of schema) keysIn(inner, keys);
  if (!isMap(schema)) return keys;
  if (isMap(schema['properties'])) for (const key of Object.keys(schema['properties'])) keys.add(key);
  for (const inner of Object.values(schema)) keysIn(inner, keys);
  return keys;
}

const key = fc.constantFrom(...keysIn(SCHEMA, new Set<string>()), 'a', 'web', '__proto__', 'lisen', '');
const word = fc.oneof(
  {
    arbitrary: fc.constantFrom('a', 'web', '5s', '20/s', 'none', 'auto', 'pinned', 'source', '192.0.2.1', '80-90'),
    weight: 3,
  },
  {
    arbitrary: fc.constantFrom(...PROFILE_NAMES, ...PROBE_NAMES, 'unix:/x', 'systemd:x', '[::]:80', '/x', ''),
    weight: 2,
  },
  fc.string(),
);
const leaf = fc.oneof(word, fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.constantFrom(0, 1, 80, 443));
const value = fc.letrec((tie) => ({
  any: fc.oneof({ depthSize: 'small' }, leaf, tie('list'), tie('map')),
  list: fc.array(tie('any'), { maxLength: 4 }),
  map: fc.dictionary(key, tie('any'), { maxKeys: 6 }),
}));

const yaml = fc.string({ unit: fc.constantFrom(...'aA1 \n\t:-?[]{},&*!|>\'"%@`#~<.$'), maxLength: 80 });
holds(t, 'any text', 200, fc.property(fc.string({ unit: 'binary', maxLength: 300 }), isJudged));
holds(t, 'any text of the letters that YAML is made of', 600, fc.property(yaml, isJudged));

const nest = fc.constantFrom(
  '[',
  '{',
  '- ',
  '? ',
  '{a: ',
  '[{b: ',
  '&a [*a, ',
  '"',
  '|\n ',
  '# ',
  '\n ',
  '!!x ',
  '*a ',
);
holds(
  t,
  'what is nested deeply, or names itself',
  60,
  fc.property(nest, fc.integer({ min: 1, max: 20_000 }), (open, times) => isJudged(open.repeat(times))),
);
const bomb = fc.integer({ min: 1, max: 30 }).map((levels) => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i <= levels; i++) lines.push(`a${i}: &a${i} [${`*a${i - 1}, `.repeat(9)}]`);
  return lines.join('\n');
});
holds(t, 'references that multiply', 20, fc.property(bomb, isJudged));

const file = fc.record({
  version: fc.constant(1),
  profile: fc.option(fc.constantFrom(...PROFILE_NAMES), { nil: undefined }),
  ca_node: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
  nodes: fc.oneof(fc.constant({ a: '192.0.2.1' }), value.any),
  defaults: fc.option(value.map, { nil: undefined }),
  services: fc.oneof(fc.dictionary(fc.constantFrom('web', 'https', 'x', '80'), value.map, { maxKeys: 3 }), value.any),
  http: fc.option(value.any, { nil: undefined }),
  log: fc.option(value.map, { nil: undefined }),
  relay: fc.option(value.map, { nil: undefined }),
});

/** What may stand where a problem is: the key or the value that its path names, or those of what it would stand in. */
function mayStandAt(path: string, contents: unknown): readonly string[] {
  let key: string | undefined;
  let at = contents;
  for (const step of path.match(/[^.[\]]+/g) ?? []) {
    const name = step === '""' ? '' : step;
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) break;
    key = Array.isArray(at) ? undefined : name;
    at = (at as Record<string, unknown>)[name];
  }
  const value = typeof at === 'object' && at !== null ? JSON.stringify(at).charAt(0) : JSON.stringify(at);
  return key === undefined ? [value] : [JSON.stringify(key), value];
}

holds(
  t,
  'any values under the keys of the contract: a problem is where its path says',
  300,
  fc.property(file, fc.dictionary(key, leaf, { maxKeys: 1 }), (known, stray) => {
    const text = JSON.stringify({ ...stray, ...known }, null, 1);
    const lines = text.split('\n');
    const contents: unknown = JSON.parse(text);
    for (const problem of judged(text)) {
      const { line, column, path, message } = problem;
      if (/^and \d+ more problems/.test(message)) continue;
      const there = lines[line - 1]?.slice(column - 1) ?? '';
      if (!mayStandAt(path, contents).some((one) => there.startsWith(one)))
        throw new Error(`${formatProblem(problem)}, where ${JSON.stringify(there)} stands`);
    }
  }),
);

const SOUND = `version: 1
name: lb.example.net
profile: foreman-current
ca_node: a
nodes:
  a: 192.0.2.11
  b: { address: b.example.net, weight: 2, state: ready, ports: { ldap: 1389 } }
defaults: { timeouts: { connect: 1s }, health: { interval: 10s } }
services:
  https: { health: { expect: { json: { storage.free: { min: 1 } } } } }
  mqtt: {}
  ldap: { listen: ["127.0.0.1:389", "unix:/run/ldap"], port: 389, allow: [192.0.2.0/24], rate_per_client: 20/s }
http: { listen: "127.0.0.1:8404" }
`;
const change = fc.record({
  at: fc.nat(SOUND.length),
  drop: fc.nat(12),
  add: fc.string({ unit: 'grapheme', maxLength: 4 }),
});
holds(
  t,
  'a sound file with a few letters changed',
  300,
  fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) =>
    isJudged(changes.reduce((text, { at, drop, add }) => text.slice(0, at) + add + text.slice(at + drop), SOUND)),
  ),
);
