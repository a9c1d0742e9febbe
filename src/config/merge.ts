// Layers of settings into one: maps merge, lists and single values replace. Remembers which layer each value came from.
// Knows no key by name, save those whose maps are values.

import { child, keysOf } from './source.ts';

export type RawMap = Readonly<Record<string, unknown>>;

export interface Layer {
  /** Who says so: `default`, `profile foreman-current`, `defaults`, `probe pulp`; empty: the entry in the file itself. */
  readonly label: string;
  /** Where in the file it stands; undefined: nowhere. */
  readonly pointer: string | undefined;
  readonly value: RawMap;
}

export interface Merged {
  readonly value: RawMap;
  /** The layer that had the last word on a value; paths are pointers within the layers. */
  readonly origins: ReadonlyMap<string, Layer>;
}

/** The last layer has the last word. */
export function mergeLayers(layers: readonly Layer[]): Merged {
  const value: Record<string, unknown> = Object.create(null);
  const origins = new Map<string, Layer>();
  for (const layer of layers) put(value, layer.value, '', layer, origins);
  return { value, origins };
}

export function isMap(value: unknown): value is RawMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function put(
  into: Record<string, unknown>,
  from: RawMap,
  path: string,
  layer: Layer,
  origins: Map<string, Layer>,
): void {
  for (const [key, value] of Object.entries(from)) {
    const at = child(path, key);
    const old = into[key];
    if (!isMap(value) || isPredicate(at)) {
      forget(at, origins);
      into[key] = value;
      origins.set(at, layer);
      continue;
    }
    if (isMap(old)) {
      put(old as Record<string, unknown>, value, at, layer, origins);
      continue;
    }
    const fresh: Record<string, unknown> = Object.create(null);
    into[key] = fresh;
    origins.set(at, layer);
    put(fresh, value, at, layer, origins);
  }
}

/** `{ contains: […] }` and `{ min: N }` replace each other. */
function isPredicate(pointer: string): boolean {
  const keys = keysOf(pointer);
  return keys.length === 4 && keys[0] === 'health' && keys[1] === 'expect' && keys[2] === 'json';
}

function forget(at: string, origins: Map<string, Layer>): void {
  for (const path of origins.keys()) if (path.startsWith(`${at}/`)) origins.delete(path);
}
