// Pieces of the JSON Schema that occur more than once. `errorMessage` is what an editor and `check` say of a wrong value;
// it goes on after the path: `services.https.retries: must be …`.

import { DURATION_PATTERN } from './duration.ts';

export type Schema = Readonly<Record<string, unknown>>;

export const NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$';
export const NAME_MESSAGE =
  'is no name: a name begins with a letter or digit, goes on with letters, digits, ".", "_" or "-", and has at most 64';

export function map(description: string, properties: Schema, more: Schema = {}): Schema {
  return {
    type: 'object',
    description,
    errorMessage: `must be a map with the keys ${list(Object.keys(properties))}`,
    additionalProperties: false,
    properties,
    ...more,
  };
}

/** Any names as keys, one schema for all. */
export function named(description: string, what: string, each: Schema): Schema {
  return {
    // Left empty, as with every entry commented out, it is a map without entries.
    type: ['object', 'null'],
    description,
    errorMessage: `must be a map of ${what}`,
    propertyNames: { pattern: NAME_PATTERN, errorMessage: NAME_MESSAGE },
    additionalProperties: each,
  };
}

export function duration(description: string, standard: string, format = 'duration'): Schema {
  return {
    type: 'string',
    description,
    default: standard,
    pattern: DURATION_PATTERN,
    format,
    errorMessage: 'must be a duration such as 200ms, 5s, 15m or 2h',
  };
}

export function flag(description: string, standard: boolean): Schema {
  return { type: 'boolean', description, default: standard, errorMessage: 'must be true or false' };
}

export function count(description: string, least: number, most: number, more: Schema = {}): Schema {
  const errorMessage = `must be a whole number from ${least} to ${most}`;
  return { type: 'integer', description, minimum: least, maximum: most, errorMessage, ...more };
}

/** A number, or one word that means something else. */
export function countOr(word: string, description: string, least: number, most: number): Schema {
  return {
    ...count(description, least, most),
    type: ['integer', 'string'],
    default: word,
    errorMessage: `must be a whole number from ${least} to ${most}, or ${word}`,
    if: { type: 'string' },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { const: word, errorMessage: `must be a whole number from ${least} to ${most}, or ${word}` },
  };
}

export function choice(description: string, words: readonly string[], standard?: string): Schema {
  const errorMessage = `must be one of ${list(words)}`;
  return {
    type: 'string',
    description,
    enum: words,
    errorMessage,
    ...(standard === undefined ? {} : { default: standard }),
  };
}

export function text(description: string, errorMessage: string, more: Schema = {}): Schema {
  return { type: 'string', description, minLength: 1, errorMessage, ...more };
}

/** Something else, or `false` for none. */
export function orFalse(schema: Schema, errorMessage: string): Schema {
  const types = Array.isArray(schema['type']) ? schema['type'] : [schema['type']];
  return {
    ...schema,
    type: [...types, 'boolean'],
    errorMessage,
    if: { type: 'boolean' },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { const: false, errorMessage },
  };
}

export function listOf(description: string, items: Schema, errorMessage: string, more: Schema = {}): Schema {
  return { type: 'array', description, items, uniqueItems: true, errorMessage, ...more };
}

export function networks(description: string): Schema {
  const one = {
    type: 'string',
    format: 'cidr',
    errorMessage: 'must be a network such as 192.0.2.0/24 or 2001:db8::/32',
  };
  return listOf(description, one, 'must be a list of networks such as [192.0.2.0/24]', { default: [] });
}

export function file(description: string): Schema {
  return text(description, 'must be the absolute path of a file', { pattern: '^/[^\\u0000-\\u001f]*$' });
}

function list(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
