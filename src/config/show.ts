// The effective configuration as a file of its own: profile and defaults expanded, each value with its origin in a
// comment. Reading it again gives the same Config, without the profile.

import { printable } from '../core/printable.ts';
import { formatProblem } from '../errors.ts';
import { nodeOf, standardPort } from './backends.ts';
import { BUILT_IN_NODE, BUILT_IN_TOP } from './built-in.ts';
import type { Draft } from './expand.ts';
import { type Loaded, loadConfig } from './load.ts';
import { isMap, type Layer, mergeLayers, type RawMap } from './merge.ts';
import type { RawFile } from './raw.ts';
import { HEALTH } from './schema-health.ts';
import { SERVICE } from './schema-service.ts';
import { child, type Source } from './source.ts';
import { commented, inline } from './yaml-text.ts';

type Origin = (path: string) => string;

const OF_HTTP = new Set(['method', 'path', 'headers', 'expect']);
const OF_TLS = new Set(['ca', 'servername', 'cert', 'key']);

/** What `chargehand show` prints. Throws ConfigError like `loadConfig`. */
export async function showConfig(file: string): Promise<string> {
  return renderConfig(await loadConfig(file));
}

export function renderConfig({ config, raw, source, drafts, warnings }: Loaded): string {
  const profile = config.profile === undefined ? '' : `profile ${config.profile} and `;
  const lines = [`# ${printable(config.file)}: what is in effect, ${profile}defaults expanded`];
  for (const warning of warnings) lines.push(`# ${printable(formatProblem(warning), 400)}`);
  lines.push('', ...top('version', raw, source), ...top('name', raw, source), ...top('ca_node', raw, source));
  lines.push('', 'nodes:');
  for (const { name } of config.nodes) lines.push(`  ${inline(name)}:`, ...nodeLines(name, raw, source, drafts));
  lines.push('', 'services:');
  for (const draft of drafts) lines.push(`  ${inline(draft.name)}:`, ...serviceLines(draft, raw, source));
  lines.push('');
  for (const key of ['http', 'admin', 'haproxy', 'log', 'max_sessions', 'relay', 'doctor'] as const) {
    lines.push(...top(key, raw, source));
  }
  return `${lines.join('\n')}\n`;
}

/** A key of the file itself over its default. */
function top(key: keyof RawFile, raw: RawFile, source: Source): string[] {
  const layers: Layer[] = [];
  const standard = (BUILT_IN_TOP as RawMap)[key];
  if (standard !== undefined) layers.push({ label: 'default', pointer: undefined, value: { [key]: standard } });
  if (raw[key] !== undefined) layers.push({ label: '', pointer: '', value: { [key]: raw[key] } });
  const { value, origins } = mergeLayers(layers);
  return Object.hasOwn(value, key) ? entry(key, value[key], `/${key}`, 0, originIn(origins, source)) : [];
}

function nodeLines(name: string, raw: RawFile, source: Source, drafts: readonly Draft[]): string[] {
  const there = (service: string): boolean => drafts.some((draft) => draft.name === service);
  const { services, ports, ...node } = nodeOf(raw, name) ?? {};
  const more: Record<string, unknown> = {};
  // A service that was taken out has no name any more.
  if (services !== undefined) more['services'] = services.filter(there);
  if (ports) more['ports'] = Object.fromEntries(Object.entries(ports).filter(([service]) => there(service)));
  const { value, origins } = mergeLayers([
    { label: 'default', pointer: undefined, value: BUILT_IN_NODE },
    { label: '', pointer: child('/nodes', name), value: { ...node, ...more } },
  ]);
  const origin = originIn(origins, source);
  const order = ['address', 'weight', 'backup', 'state', 'services', 'ports'].filter((key) =>
    Object.hasOwn(value, key),
  );
  return order.flatMap((key) => entry(key, value[key], child('', key), 4, origin));
}

function serviceLines(draft: Draft, raw: RawFile, source: Source): string[] {
  const { balance } = draft.raw;
  const origin = originIn(draft.origins, source);
  const all: Readonly<Record<string, unknown>> = {
    ...draft.raw,
    port: draft.raw.port ?? standardPort(draft),
    nodes: draft.backends.map(({ node }) => node),
    health: draft.health,
  };
  return Object.keys(SERVICE['properties'] as RawMap).flatMap((key) => {
    if ((key === 'node' && balance !== 'pinned') || (key === 'hash' && balance !== 'source')) return [];
    if (key === 'health' && draft.health !== false) return healthLines(draft, raw, origin);
    return all[key] === undefined ? [] : entry(key, all[key], child('', key), 4, origin);
  });
}

function healthLines(draft: Draft, raw: RawFile, origin: Origin): string[] {
  if (draft.health === false) return [];
  const { type, probe } = draft.health;
  const tls = type === 'tls' || type === 'https';
  const http = type === 'http' || type === 'https';
  const all: Readonly<Record<string, unknown>> = {
    ...draft.health,
    // A named probe has its type already.
    type: probe === undefined ? type : undefined,
    servername: draft.health.servername ?? raw.name,
  };
  const lines = Object.keys(HEALTH['properties'] as RawMap).flatMap((key) => {
    if (all[key] === undefined || (OF_TLS.has(key) && !tls) || (OF_HTTP.has(key) && !http)) return [];
    return entry(key, all[key], child('/health', key), 6, origin);
  });
  return ['    health:', ...lines];
}

/** A key with its value; a map goes on below, one key a line, as far as each value has an origin of its own. */
function entry(key: string, value: unknown, path: string, indent: number, origin: Origin): string[] {
  const start = `${' '.repeat(indent)}${inline(key)}:`;
  const isPredicate = path.startsWith('/health/expect/json/');
  if (!isMap(value) || isPredicate || Object.keys(value).length === 0) {
    return [commented(`${start} ${inline(value)}`, origin(path))];
  }
  return [
    start,
    ...Object.entries(value).flatMap(([name, inner]) => entry(name, inner, child(path, name), indent + 2, origin)),
  ];
}

function originIn(origins: ReadonlyMap<string, Layer>, source: Source): Origin {
  return (path) => {
    const layer = origins.get(path);
    if (layer === undefined) return 'default';
    if (layer.pointer === undefined) return layer.label;
    const line = `line ${source.line(layer.pointer + path)}`;
    return layer.label === '' ? line : `${layer.label}, ${line}`;
  };
}
