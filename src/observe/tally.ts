// Plain counts by service, node and one more word, kept outside prom-client: its counters build a text key for every
// increment (0.3 µs, and there are several a session); these cost three map lookups (0.02 µs). prom-client reads them at
// scrape. The words must come from a closed list or the file; nothing here bounds them.

import type { ServiceSnapshot } from '../core/status.ts';

/** `node` is empty where the count belongs to no node. */
export type TallyVisitor = (service: string, node: string, word: string, count: number) => void;

const NONE: ReadonlyMap<string, number> = new Map();

export class Tally {
  readonly #services = new Map<string, Map<string, Map<string, number>>>();

  /** Adds to a count; 0 makes it exist, so that a rate can be seen from the first event on. */
  add(service: string, node: string, word: string, count = 1): void {
    const words = this.#words(service, node);
    words.set(word, (words.get(word) ?? 0) + count);
  }

  each(visit: TallyVisitor): void {
    for (const [service, nodes] of this.#services) {
      for (const [node, words] of nodes) {
        for (const [word, count] of words) visit(service, node, word, count);
      }
    }
  }

  /** The words that this service and node have. */
  words(service: string, node: string): ReadonlyMap<string, number> {
    return this.#services.get(service)?.get(node) ?? NONE;
  }

  /** Drops the counts of services and nodes that are not in `snapshot`. */
  keepOnly(snapshot: readonly ServiceSnapshot[]): void {
    const kept = new Map(snapshot.map((s) => [s.service, new Set(['', ...s.backends.map((b) => b.node)])]));
    for (const [service, nodes] of this.#services) {
      const keptNodes = kept.get(service);
      if (keptNodes === undefined) this.#services.delete(service);
      else for (const node of nodes.keys()) if (!keptNodes.has(node)) nodes.delete(node);
    }
  }

  #words(service: string, node: string): Map<string, number> {
    const nodes = this.#services.get(service) ?? new Map<string, Map<string, number>>();
    if (nodes.size === 0) this.#services.set(service, nodes);
    const words = nodes.get(node) ?? new Map<string, number>();
    if (words.size === 0) nodes.set(node, words);
    return words;
  }
}
