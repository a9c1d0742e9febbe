// The points of the charts: fetched once, then one more with each message; fetched anew after a gap, and when another
// process answers. Holds no more than the process does.

import type { PageHistory, PageMessage } from '../src/control/page-message.ts';
import type { Point } from '../src/observe/history.ts';

/** As many as the process keeps. */
export const LENGTH = 200;
const NONE: readonly Point[] = [];

export class Past {
  readonly #node: string | undefined;
  readonly #loaded: () => void;
  #points = new Map<string, Point[]>();
  #startedAt = 0;
  #tick = -1;
  #loading = false;

  /** Of the services as wholes, or of one node in each of them. `loaded` is called after each fetch. */
  constructor(node: string | undefined, loaded: () => void) {
    this.#node = node;
    this.#loaded = loaded;
  }

  points(service: string): readonly Point[] {
    return this.#points.get(service) ?? NONE;
  }

  accept(message: PageMessage): void {
    const next = message.startedAt === this.#startedAt && message.tick === this.#tick + 1;
    if (next) this.#append(message);
    else if (message.startedAt !== this.#startedAt || message.tick > this.#tick) void this.#load();
  }

  #append(message: PageMessage): void {
    this.#tick = message.tick;
    for (const service of message.services) {
      const backend = service.backends.find(({ node }) => node === this.#node);
      const point = this.#node === undefined ? service.point : backend?.point;
      if (point === undefined) continue;
      const points = this.#points.get(service.service) ?? [];
      points.push(point);
      if (points.length > LENGTH) points.shift();
      this.#points.set(service.service, points);
    }
  }

  async #load(): Promise<void> {
    if (this.#loading) return;
    this.#loading = true;
    try {
      const query = this.#node === undefined ? '' : `?node=${encodeURIComponent(this.#node)}`;
      const response = await fetch(`history.json${query}`);
      if (!response.ok) return;
      const history = (await response.json()) as PageHistory;
      this.#startedAt = history.startedAt;
      this.#tick = history.tick;
      this.#points = new Map(Object.entries(history.services).map(([service, points]) => [service, [...points]]));
      this.#loaded();
    } catch {
      // The connection is gone: the next message that comes asks again.
    } finally {
      this.#loading = false;
    }
  }
}
