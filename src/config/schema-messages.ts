// What the schema complains of, in words for people who know the file and no JSON Schema. ajv's own sentences never get
// out.

import type { ErrorObject } from 'ajv';
import { FORMATS } from './formats.ts';
import { isMap, type RawMap } from './merge.ts';
import { didYouMean, near } from './near.ts';
import { shown } from './shown.ts';
import { child } from './source.ts';

export interface Complaint {
  readonly pointer: string;
  readonly at: 'key' | 'value';
  readonly message: string;
  /** The key that a mistyped one was probably meant to be. */
  readonly meant?: string;
  readonly isMissing?: true;
}

/** undefined: another error already says it. */
export function describe(error: Required<ErrorObject>): Complaint | undefined {
  const schema: RawMap = isMap(error.parentSchema) ? error.parentSchema : {};
  const { instancePath: pointer, params, data } = error;
  switch (error.keyword) {
    case 'if':
      return undefined;
    case 'additionalProperties':
      return unknownKey(pointer, String(params['additionalProperty']), schema);
    case 'propertyNames': {
      const names = isMap(schema['propertyNames']) ? schema['propertyNames'] : {};
      return { pointer: child(pointer, params['propertyName']), at: 'key', message: expectation(names) };
    }
    case 'required': {
      const key = String(params['missingProperty']);
      const properties = isMap(schema['properties']) ? schema['properties'] : {};
      const wanted = isMap(properties[key]) ? expectation(properties[key]) : '';
      return { pointer: child(pointer, key), at: 'key', message: `is missing: ${wanted}`, isMissing: true };
    }
    case 'uniqueItems': {
      const [i, j] = [Number(params['i']), Number(params['j'])].sort((a, b) => a - b);
      return {
        pointer: child(pointer, j ?? 0),
        at: 'value',
        message: `is the same as entry ${(i ?? 0) + 1} of the list`,
      };
    }
    default:
      // The name of a key failed its pattern: `propertyNames` says so.
      return error.propertyName === undefined ? wrongValue(pointer, error, schema, data) : undefined;
  }
}

function wrongValue(pointer: string, error: ErrorObject, schema: RawMap, data: unknown): Complaint {
  const fault =
    typeof data === 'string' && error.keyword === 'format' ? FORMATS[String(schema['format'])]?.(data) : undefined;
  const words = Array.isArray(schema['enum']) ? schema['enum'].filter((word) => typeof word === 'string') : [];
  const guess = typeof data === 'string' ? didYouMean(data, words) : '';
  const outOfRange = error.keyword === 'minimum' || error.keyword === 'maximum';
  const range = `must be from ${schema['minimum']} to ${schema['maximum']}`;
  const wanted = fault ?? (outOfRange && 'maximum' in schema && 'minimum' in schema ? range : expectation(schema));
  // A missing value is not "nothing": the key is there, so say that it is empty.
  const got =
    data === null
      ? ', but it is empty'
      : fault !== undefined && !fault.startsWith('must')
        ? ''
        : `, not ${shown(data)}`;
  return { pointer, at: 'value', message: `${wanted}${got}${guess}` };
}

function unknownKey(pointer: string, key: string, schema: RawMap): Complaint {
  const properties = isMap(schema['properties']) ? schema['properties'] : {};
  const guess = near(key, Object.keys(properties));
  const inside = guess === undefined ? holderOf(key, properties) : undefined;
  const hint = guess ?? (inside === undefined ? undefined : `${inside}: { ${key}: … }`);
  const message = `unknown key${hint === undefined ? '' : ` (did you mean "${hint}"?)`}`;
  const at = child(pointer, key);
  return { pointer: at, at: 'key', message, ...(guess === undefined ? {} : { meant: child(pointer, guess) }) };
}

/** The map one level further down that has this key. */
function holderOf(key: string, properties: RawMap): string | undefined {
  return Object.keys(properties).find((name) => {
    const inner = properties[name];
    return isMap(inner) && isMap(inner['properties']) && Object.hasOwn(inner['properties'], key);
  });
}

function expectation(schema: RawMap): string {
  return String(schema['errorMessage'] ?? 'is not what can stand here');
}
