// The demo's stand-ins as a group: started together, each started again a second after it died, ended together. Says in
// words what happens to them; knows nothing of the balancer before them.

import { setTimeout as sleep } from 'node:timers/promises';
import { type RunningStandIn, type StandInPlan, startStandIn } from './stand-in-process.ts';

const RESTART_AFTER_MS = 1000;

export class StandInGroup {
  readonly #running = new Map<string, RunningStandIn>();
  readonly #closing = new AbortController();
  readonly #certificates: string;
  readonly #say: (text: string) => void;
  readonly #keeping: Promise<void>[] = [];

  constructor(certificates: string, say: (text: string) => void) {
    this.#certificates = certificates;
    this.#say = say;
  }

  /** The process id of each stand-in that runs. */
  get pids(): ReadonlyMap<string, number> {
    return new Map([...this.#running].map(([name, { pid }]) => [name, pid]));
  }

  /** Resolves when all listen; rejects with the first that can't. Either way `close` ends what runs. */
  async start(plans: readonly StandInPlan[]): Promise<void> {
    const started = await Promise.allSettled(plans.map((plan) => this.#start(plan)));
    for (const [index, result] of started.entries()) {
      const plan = plans[index];
      if (result.status === 'rejected') throw result.reason;
      if (plan !== undefined) this.#keeping.push(this.#keep(plan, result.value));
    }
  }

  /** Ends all of them and waits until they are gone. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#running.values()].map((standIn) => standIn.close()));
    await Promise.all(this.#keeping);
  }

  async #start(plan: StandInPlan): Promise<RunningStandIn> {
    const standIn = await startStandIn(plan, this.#certificates);
    this.#running.set(plan.name, standIn);
    if (this.#closing.signal.aborted) await standIn.close();
    return standIn;
  }

  /** Runs until the group closes. */
  async #keep(plan: StandInPlan, first: RunningStandIn): Promise<void> {
    let standIn: RunningStandIn | undefined = first;
    while (true) {
      if (standIn !== undefined) {
        const how = await standIn.ended;
        if (this.#closing.signal.aborted) return;
        this.#running.delete(plan.name);
        this.#say(`${plan.name} (pid ${standIn.pid}) ended: ${how}; it starts again in a second`);
      }
      await sleep(RESTART_AFTER_MS, undefined, { signal: this.#closing.signal }).catch(() => undefined);
      if (this.#closing.signal.aborted) return;
      standIn = await this.#start(plan).catch((error: Error) => this.#say(error.message) as undefined);
      if (standIn !== undefined) this.#say(`${plan.name} runs again, pid ${standIn.pid}`);
    }
  }
}
