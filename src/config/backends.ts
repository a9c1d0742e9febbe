// Which nodes serve a service, and by which port.

import type { BackendSpec } from '../core/backend.ts';
import { BUILT_IN_NODE } from './built-in.ts';
import type { Draft } from './expand.ts';
import { type ListenEntry, parseListen } from './listen-address.ts';
import type { RawFile, RawNode } from './raw.ts';
import type { Source } from './source.ts';

/** In the order of the service's `nodes`, else of the file. A pinned service has one. */
export function backendsOf(draft: Pick<Draft, 'name' | 'raw'>, raw: RawFile, source: Source): BackendSpec[] {
  const all = source.keys('/nodes');
  const wanted = draft.raw.nodes ?? all;
  const port = draft.raw.port ?? standardPort(draft);
  return wanted.flatMap((name) => {
    const node = nodeOf(raw, name);
    if (node?.address === undefined || !serves(node, draft.name)) return [];
    if (draft.raw.balance === 'pinned' && draft.raw.node !== name) return [];
    const { weight, backup, state: admin } = { ...BUILT_IN_NODE, ...node };
    return [{ node: name, host: node.address, port: portOn(node, draft.name) ?? port, weight, backup, admin }];
  });
}

/** A node in its long form. */
export function nodeOf(raw: RawFile, name: string): RawNode | undefined {
  const node = raw.nodes !== undefined && Object.hasOwn(raw.nodes, name) ? raw.nodes[name] : undefined;
  return typeof node === 'string' ? { address: node } : node;
}

export function serves(node: RawNode, service: string): boolean {
  return node.services === undefined || node.services.includes(service);
}

/** What a service listens on; entries that can't be read are left out. */
export function listenEntries(draft: Pick<Draft, 'raw'>): ListenEntry[] {
  const { listen } = draft.raw;
  const given = listen === undefined ? [] : typeof listen === 'object' ? listen : [listen];
  return given.map(parseListen).filter((entry) => typeof entry === 'object');
}

/** The port on the nodes where no `port` says it: the one listening port. undefined: a range, or nothing to tell from. */
export function standardPort(draft: Pick<Draft, 'raw'>): number | undefined {
  const [only, ...more] = listenEntries(draft);
  if (only?.kind !== 'tcp' || more.length > 0 || only.first !== only.last) return undefined;
  return only.first;
}

/** Where this node differs. */
function portOn(node: RawNode, service: string): number | undefined {
  return node.ports && Object.hasOwn(node.ports, service) ? node.ports[service] : undefined;
}
