// A histogram with one label, `service`, that counts by itself and gives prom-client its values at scrape: observing costs
// one map lookup and a search among a dozen bounds, and builds no text.

import { Histogram, type Registry } from 'prom-client';

interface Counts {
  /** For each bound, how many values fell between the bound before it and it; one more for those above all. */
  readonly buckets: number[];
  sum: number;
  count: number;
}

export class ServiceHistogram extends Histogram<'service'> {
  readonly #bounds: readonly number[];
  readonly #services = new Map<string, Counts>();
  readonly #about: { readonly name: string; readonly help: string };

  /** `bounds` in seconds, ascending. */
  constructor(registry: Registry, name: string, help: string, bounds: readonly number[]) {
    super({ name, help, labelNames: ['service'], buckets: [...bounds], registers: [registry] });
    this.#bounds = bounds;
    this.#about = { name, help };
  }

  add(service: string, seconds: number): void {
    let counts = this.#services.get(service);
    if (counts === undefined) {
      counts = { buckets: new Array<number>(this.#bounds.length + 1).fill(0), sum: 0, count: 0 };
      this.#services.set(service, counts);
    }
    let index = 0;
    while (seconds > (this.#bounds[index] ?? Number.POSITIVE_INFINITY)) index++;
    counts.buckets[index] = (counts.buckets[index] ?? 0) + 1;
    counts.sum += seconds;
    counts.count++;
  }

  keepOnly(services: ReadonlySet<string>): void {
    for (const service of this.#services.keys()) if (!services.has(service)) this.#services.delete(service);
  }

  /**
   * What prom-client's registry and its own `get()` ask a histogram for (not in its type file; a test reads the text that
   * comes out).
   */
  async getForPromString() {
    const values = [...this.#services].flatMap(([service, counts]) => this.#values({ service }, counts));
    return { ...this.#about, type: 'histogram', aggregator: 'sum', values };
  }

  #values(sharedLabels: { service: string }, counts: Counts) {
    const { name } = this.#about;
    let cumulated = 0;
    const buckets = counts.buckets.map((count, index) => {
      cumulated += count;
      const labels = { le: this.#bounds[index] ?? '+Inf' };
      return { metricName: `${name}_bucket`, labels, sharedLabels, value: cumulated };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels: {}, sharedLabels, value: counts.sum },
      { metricName: `${name}_count`, labels: {}, sharedLabels, value: counts.count },
    ];
  }
}
