// What metrics have labels for: one service of a name, one backend of a node. Who was taken out of the file and put in again
// stands in a snapshot twice while sessions of the former self run. Pure.

import type { BackendSnapshot, ServiceSnapshot } from '../core/status.ts';

/** How they stand is what the first of a name says, which is the one in the file; counts are of all together. */
export function oneOfEachName(snapshot: readonly ServiceSnapshot[]): readonly ServiceSnapshot[] {
  const services = united(snapshot, ({ service }) => service, bothServices);
  return services.map((service) => ({
    ...service,
    backends: united(service.backends, ({ node }) => node, bothBackends),
  }));
}

function united<T>(all: readonly T[], nameOf: (one: T) => string, both: (first: T, former: T) => T): readonly T[] {
  const byName = new Map<string, T>();
  for (const one of all) {
    const name = nameOf(one);
    const first = byName.get(name);
    byName.set(name, first === undefined ? one : both(first, one));
  }
  return [...byName.values()];
}

function bothServices(first: ServiceSnapshot, former: ServiceSnapshot): ServiceSnapshot {
  return {
    ...first,
    waiting: first.waiting + former.waiting,
    queued: first.queued + former.queued,
    backends: [...first.backends, ...former.backends],
  };
}

function bothBackends(first: BackendSnapshot, former: BackendSnapshot): BackendSnapshot {
  return {
    ...first,
    active: first.active + former.active,
    queued: first.queued + former.queued,
    bytesIn: first.bytesIn + former.bytesIn,
    bytesOut: first.bytesOut + former.bytesOut,
  };
}
