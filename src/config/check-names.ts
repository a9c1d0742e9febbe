// Whether every name that the file speaks of exists: nodes and services.

import { knownServices } from './expand.ts';
import type { Findings } from './findings.ts';
import { didYouMean } from './near.ts';
import type { RawFile, RawService } from './raw.ts';
import { child } from './source.ts';

export function checkNames(raw: RawFile, findings: Findings): void {
  const { source } = findings;
  const nodes = new Set(source.keys('/nodes'));
  const node = (pointer: string, name: string): void => {
    if (!nodes.has(name)) findings.error(pointer, `there is no node "${name}"${didYouMean(name, nodes)}`);
  };
  const inService = (base: string, service: RawService): void => {
    if (service.node !== undefined) node(child(base, 'node'), service.node);
    for (const [pointer, name] of source.items(child(base, 'nodes'), service.nodes)) node(pointer, name);
  };

  if (raw.ca_node !== undefined) node('/ca_node', raw.ca_node);
  if (raw.defaults) inService('/defaults', raw.defaults);
  for (const [name, service] of Object.entries(raw.services ?? {})) {
    if (service !== false) inService(child('/services', name), service);
  }

  const services = knownServices(raw, source);
  const service = (pointer: string, name: string, at: 'key' | 'value'): void => {
    if (!services.has(name)) findings.error(pointer, `there is no service "${name}"${didYouMean(name, services)}`, at);
  };
  // Without a sound profile it isn't known which services there are.
  if (!findings.isSound('/profile')) return;
  for (const [name, entry] of Object.entries(raw.nodes ?? {})) {
    if (typeof entry === 'string') continue;
    const base = child('/nodes', name);
    for (const [pointer, item] of source.items(child(base, 'services'), entry.services)) {
      service(pointer, item, 'value');
    }
    for (const key of Object.keys(entry.ports ?? {})) service(child(child(base, 'ports'), key), key, 'key');
  }
}
