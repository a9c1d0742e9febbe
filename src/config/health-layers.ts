// How the layers of `health` come together. A short form (`pulp`) names what is asked, a map may change details, and
// whoever asks for something else drops the details of what was asked before, but not how often.

import { BUILT_IN_HEALTH } from './built-in.ts';
import { isMap, type Layer, type RawMap } from './merge.ts';
import { NAMED_PROBES, type ProbeName } from './named-probes.ts';

/** What describes the question; the rest describes how often, and by which certificates. */
const QUESTION = new Set(['probe', 'type', 'port', 'method', 'path', 'headers', 'expect', 'servername']);

/** Layers whose only key is `health`, a map or `false`; the last has the last word. */
export function healthLayers(layers: readonly Layer[]): Layer[] {
  const given = layers.flatMap((layer) => {
    const health = inLongForm(layer.value['health']);
    return health === undefined ? [] : [{ layer, health }];
  });
  const lastOff = given.findLastIndex(({ health }) => health === false);
  if (lastOff >= 0 && lastOff === given.length - 1) {
    return given.slice(lastOff).map(({ layer }) => ({ ...layer, value: { health: false } }));
  }
  const on = given.slice(lastOff + 1).flatMap(({ layer, health }) => (isMap(health) ? [{ layer, health }] : []));
  const kind = on.map(({ health }) => kindOf(health)).findLast((k) => k !== undefined) ?? 'tcp';
  const lastOther = on.findLastIndex(({ health }) => (kindOf(health) ?? kind) !== kind);
  const kept = on.map(({ layer, health }, i) => ({
    ...layer,
    value: { health: i <= lastOther ? withoutQuestion(health) : health },
  }));
  return [layerOf('default', BUILT_IN_HEALTH), ...kindLayers(kind), ...kept];
}

function inLongForm(health: unknown): RawMap | false | undefined {
  if (typeof health !== 'string') return isMap(health) || health === false ? health : undefined;
  return isProbe(health) ? { probe: health } : { type: health };
}

function kindOf(health: RawMap): string | undefined {
  const kind = health['probe'] ?? health['type'];
  return typeof kind === 'string' ? kind : undefined;
}

function kindLayers(kind: string): Layer[] {
  if (isProbe(kind)) return [layerOf(`probe ${kind}`, NAMED_PROBES[kind])];
  return [layerOf('default', { type: kind })];
}

function layerOf(label: string, health: object): Layer {
  return { label, pointer: undefined, value: { health } };
}

function withoutQuestion(health: RawMap): RawMap {
  return Object.fromEntries(Object.entries(health).filter(([key]) => !QUESTION.has(key)));
}

function isProbe(name: string): name is ProbeName {
  return Object.hasOwn(NAMED_PROBES, name);
}
