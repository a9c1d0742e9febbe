// From the file and its profile to the list of services that there are, each with its layers merged. Decides who is in
// and in which order; judges nothing.

import type { BackendSpec } from '../core/backend.ts';
import { backendsOf } from './backends.ts';
import { BUILT_IN_SERVICE } from './built-in.ts';
import { healthLayers } from './health-layers.ts';
import { type Layer, mergeLayers, type RawMap } from './merge.ts';
import { PROFILES, type ProfileRow } from './profiles/profile.ts';
import type { MergedHealth, MergedService, RawFile, RawService } from './raw.ts';
import { child, type Source } from './source.ts';

/** A service whose layers are merged: every key is there, save those that need another key to be known. */
export interface Draft {
  readonly name: string;
  readonly row: ProfileRow | undefined;
  readonly raw: MergedService;
  readonly health: MergedHealth | false;
  /** Which layer each value came from, by its pointer within the service. */
  readonly origins: ReadonlyMap<string, Layer>;
  /** Its entry under `services`, whether it is there or not. */
  readonly pointer: string;
  /** The nodes that serve it; found when first asked for, since services times nodes can be many. */
  readonly backends: readonly BackendSpec[];
}

export function profileRows(profile: string | undefined): readonly ProfileRow[] {
  return profile !== undefined && Object.hasOwn(PROFILES, profile) ? PROFILES[profile as keyof typeof PROFILES] : [];
}

/** Every name that may be spoken of as a service, those that are taken out included. */
export function knownServices(raw: RawFile, source: Source): ReadonlySet<string> {
  return new Set([...profileRows(raw.profile).map((row) => row.name), ...source.keys('/services')]);
}

/** The profile's services in its order, then those of the file in theirs. */
export function expandServices(raw: RawFile, source: Source): Draft[] {
  const rows = profileRows(raw.profile);
  const own = (name: string): RawService | false | undefined =>
    raw.services !== null && raw.services !== undefined && Object.hasOwn(raw.services, name)
      ? raw.services[name]
      : undefined;
  const fromProfile = rows
    .filter((row) => isIn(row, own(row.name), source))
    .map((row) => draft(row.name, row, own(row.name), raw, source));
  const inProfile = new Set(rows.map((row) => row.name));
  const fromFile = source
    .keys('/services')
    .filter((name) => !inProfile.has(name) && own(name) !== false)
    .map((name) => draft(name, undefined, own(name), raw, source));
  return [...fromProfile, ...fromFile];
}

function isIn(row: ProfileRow, own: RawService | false | undefined, source: Source): boolean {
  if (own !== undefined) return own !== false;
  return row.presence === 'always' || (row.presence === 'with-ca-node' && source.has('/ca_node'));
}

function draft(
  name: string,
  row: ProfileRow | undefined,
  own: RawService | false | undefined,
  file: RawFile,
  source: Source,
): Draft {
  const pointer = child('/services', name);
  const layers: Layer[] = [{ label: 'default', pointer: undefined, value: BUILT_IN_SERVICE }];
  if (file.defaults) layers.push({ label: 'defaults', pointer: '/defaults', value: file.defaults as RawMap });
  if (row !== undefined) {
    const value = row.pinnedToCa && file.ca_node !== undefined ? { ...row.service, node: file.ca_node } : row.service;
    layers.push({ label: `profile ${file.profile}`, pointer: undefined, value: value as RawMap });
  }
  if (own) layers.push({ label: '', pointer, value: own as RawMap });
  const others = layers.map(({ value: { health: _health, ...value }, ...layer }) => ({ ...layer, value }));
  const merged = mergeLayers([...others, ...healthLayers(layers)]);
  // The built-in layer lies under all of them, so nothing that has a default is missing.
  const { health, ...raw } = merged.value as unknown as MergedService & { readonly health: MergedHealth | false };
  let backends: readonly BackendSpec[] | undefined;
  return {
    ...{ name, row, raw, health, origins: merged.origins, pointer },
    get backends() {
      backends ??= backendsOf(this, file, source);
      return backends;
    },
  };
}
