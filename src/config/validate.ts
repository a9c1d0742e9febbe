// The parsed file against the JSON Schema. The only file that knows ajv. What is wrong is reported and taken out, so that
// the checks after this one can go on with the rest.

import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { Problem } from '../errors.ts';
import { FORMATS } from './formats.ts';
import { isMap } from './merge.ts';
import type { RawFile } from './raw.ts';
import { SCHEMA } from './schema.ts';
import { type Complaint, describe } from './schema-messages.ts';
import { child, type Source } from './source.ts';

export interface Validated {
  /** What of the file is sound. */
  readonly raw: RawFile;
  /** Pointers of what was taken out, or is missing. */
  readonly bad: ReadonlySet<string>;
  readonly problems: readonly Problem[];
}

let compiled: ValidateFunction | undefined;

export function validate(source: Source): Validated {
  compiled ??= compile();
  compiled(source.value);
  // Several keywords may complain of one value; the first one says enough.
  const complaints = new Map<string, Complaint>();
  for (const error of compiled.errors ?? []) {
    const complaint = describe(error as Required<ErrorObject>);
    if (complaint !== undefined && !complaints.has(complaint.pointer)) complaints.set(complaint.pointer, complaint);
  }
  const meant = new Set([...complaints.values()].flatMap((complaint) => complaint.meant ?? []));
  const bad = new Set([...complaints.keys(), ...meant]);
  const problems = [...complaints.values()]
    // A key that is mistyped is not also missing.
    .filter((complaint) => !(complaint.isMissing && meant.has(complaint.pointer)))
    .map(({ pointer, at, message }) => source.problem('error', pointer, message, at));
  const raw = bad.has('') ? {} : without(source.value, '', new Set(complaints.keys()));
  return { raw: isMap(raw) ? raw : {}, bad, problems };
}

function compile(): ValidateFunction {
  // The schema is ours and a test holds it against its meta-schema; starting must not wait for that, nor for the compiler
  // to polish what runs once.
  const ajv = new Ajv({
    allErrors: true,
    verbose: true,
    allowUnionTypes: true,
    validateSchema: false,
    code: { optimize: false },
  });
  ajv.addKeyword('errorMessage');
  for (const [name, fault] of Object.entries(FORMATS)) {
    ajv.addFormat(name, { type: 'string', validate: (text: string) => fault(text) === undefined });
  }
  return ajv.compile(SCHEMA);
}

/** A copy without the bad parts; a list closes up over them. */
function without(value: unknown, pointer: string, bad: ReadonlySet<string>): unknown {
  const keep = (key: string | number): boolean => !bad.has(child(pointer, key));
  if (Array.isArray(value)) {
    return value.flatMap((item, i) => (keep(i) ? [without(item, child(pointer, i), bad)] : []));
  }
  if (!isMap(value)) return value;
  const copy: Record<string, unknown> = Object.create(null);
  for (const [key, inner] of Object.entries(value)) {
    if (keep(key)) copy[key] = without(inner, child(pointer, key), bad);
  }
  return copy;
}
