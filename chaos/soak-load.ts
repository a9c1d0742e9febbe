// The load of a soak: sessions on all services without end, most short, some long, some slow, some that vanish; and one
// short session at a time that is timed, through the balancer and straight to a node in turn. Nothing breaks: whatever doesn't end well is a fault.

import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientSeen } from './account.ts';
import { runClient } from './client.ts';
import { type ClientPlan, planClient } from './plan.ts';
import { Random } from './random.ts';
import { CA_NODE, KINDS, nodeAddress } from './services.ts';
import type { Stage } from './stage.ts';

/** Sessions that begin in a second. */
const RATE = 8;
const TIMED_EVERY_MS = 250;

export class SoakLoad {
  /** Those that didn't end well. */
  readonly broken: ClientSeen[] = [];
  sessions = 0;
  bytes = 0;
  readonly #stage: Stage;
  readonly #kind: keyof typeof KINDS;
  readonly #random: Random;
  readonly #running = new Set<Promise<void>>();
  readonly #timed: { through: number[]; direct: number[] } = { through: [], direct: [] };
  #count = 0;
  #over = false;

  constructor(stage: Stage, kind: keyof typeof KINDS, seed: number) {
    this.#stage = stage;
    this.#kind = kind;
    this.#random = new Random(seed);
  }

  /** Until `stop`. */
  async run(): Promise<void> {
    await Promise.all([this.#crowd(), this.#clock()]);
    await Promise.all(this.#running);
  }

  stop(): void {
    this.#over = true;
  }

  /** How long the timed sessions took since this was asked last, milliseconds, shortest first. */
  takeTimed(): { readonly through: readonly number[]; readonly direct: readonly number[] } {
    const take = (list: number[]): number[] => list.splice(0).sort((a, b) => a - b);
    return { through: take(this.#timed.through), direct: take(this.#timed.direct) };
  }

  async #crowd(): Promise<void> {
    const began = performance.now();
    for (let i = 0; !this.#over; i++) {
      const plan = planClient(this.#random, KINDS[this.#kind], this.#count++, 0);
      const session = this.#session(plan).then(() => {
        this.#running.delete(session);
      });
      this.#running.add(session);
      await sleep(began + (i * 1000) / RATE - performance.now());
    }
  }

  async #clock(): Promise<void> {
    const rounds = [{ up: 200, down: 4000 }];
    while (!this.#over) {
      const id = `timed${this.#count++}`;
      const { name, port } = this.#random.pick(KINDS[this.#kind]);
      const how = { atMs: 0, behaviour: 'talk', rounds, thinkMs: 0, ending: 'client', afterBytes: 0 } as const;
      const plan = { id, service: name, address: '127.20.4.1', port: 0, ...how };
      const began = performance.now();
      await this.#session(plan);
      const between = performance.now();
      this.#timed.through.push(between - began);
      // What the machine takes without the balancer: whatever else it does slows both.
      await runClient(plan, { ...this.#stage.target(name), address: nodeAddress(CA_NODE), port });
      this.#timed.direct.push(performance.now() - between);
      await sleep(TIMED_EVERY_MS);
    }
  }

  async #session(plan: ClientPlan): Promise<void> {
    // A port that the kernel chooses: there are more sessions than ports.
    const seen = await runClient({ ...plan, port: 0 }, this.#stage.target(plan.service));
    this.sessions++;
    this.bytes += seen.read + seen.written;
    if (!endedWell(seen)) this.broken.push(seen);
  }
}

const endedWell = ({ outcome }: ClientSeen): boolean => outcome === 'whole' || outcome === 'own';
