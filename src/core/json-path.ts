// Where in a JSON document an expectation looks: `$` the whole, `storage.free`, `modules.0.name`. Names and indices, and
// nothing else: no wildcards, no expressions, nothing that could run long.

const SEGMENT = /^[^\s.]+$/;

/** The steps of a path, none for `$`; undefined: it is no path. */
export function parseJsonPath(path: string): readonly string[] | undefined {
  if (path === '$') return [];
  const steps = (path.startsWith('$.') ? path.slice(2) : path).split('.');
  return steps.every((step) => SEGMENT.test(step)) ? steps : undefined;
}

/** What stands there; undefined: nothing does. Only what the document itself has, nothing inherited. */
export function lookUp(document: unknown, steps: readonly string[]): unknown {
  let value: unknown = document;
  for (const step of steps) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[step];
  }
  return value;
}
