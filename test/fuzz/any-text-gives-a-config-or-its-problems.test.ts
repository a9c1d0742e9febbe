// Whatever a file holds: a Config, or problems that are one line each and speak no JSON Schema.

import fc from 'fast-check';
import t from 'tap';
import { isMap } from '../../src/config/merge.ts';
import { PROBE_NAMES } from '../../src/config/named-probes.ts';
import { PROFILE_NAMES } from '../../src/config/profiles/profile.ts';
import { SCHEMA } from '../../src/config/schema.ts';
import { problemsOf } from '../fixtures/config-text.ts';
import { holds } from '../fixtures/fuzz.ts';

const JARGON =
  /must match|must NOT|schema|pattern|anyOf|oneOf|additional propert|keyword|instance|undefined|\[object|NaN|TypeError|is not what can stand here/;

function isClear(problem: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  return !/[\0-\x1f\x7f]/.test(problem) && !JARGON.test(problem.replace(/".*"/gs, '')) && problem.length < 1_000;
}

function isJudged(text: string): boolean {
  const problems = problemsOf(text);
  const unclear = problems.filter((problem) => !isClear(problem));
  if (unclear.length > 0) throw new Error(`not clear: ${unclear.join('\n')}`);
  return true;
}

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
holds(
  t,
  'any values under the keys of the contract',
  300,
  fc.property(file, (contents) => isJudged(JSON.stringify(contents))),
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
