// Asks questions of targets: so many at a time, each with one deadline, the same one only once. Reads no answer and knows
// no checks. When it is closed nothing of it is open any more.

import type { Clock } from '../core/clock.ts';
import { type Asking, ask } from '../health/ask.ts';
import { credentialStore } from '../health/probes/credentials.ts';
import { type Inquiry, inspection, type Seen } from '../health/probes/inspect.ts';
import type { Network, ProbeBad, ProbeTarget } from '../health/probes/probe.ts';

/** Few enough that no node, and no machine with a balancer on it, notices. */
const AT_ONCE = 12;

export interface AskerOptions {
  readonly network: Network;
  readonly clock: Clock;
  /** The deadline of each question. */
  readonly timeoutMs: number;
}

/** The client certificate to show, as paths. */
export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface Answered extends Readonly<Seen> {
  /** undefined: it was answered, whatever the answer is worth. */
  readonly failure: ProbeBad | undefined;
  readonly seconds: number;
}

/** It was not asked, or not heard, by a fault of this process: nothing is known of who would have answered. */
export function isUnheard({ failure }: Answered): boolean {
  return failure?.kind === 'ours' && failure.stage === 'answer';
}

export class Asker {
  readonly #options: AskerOptions;
  readonly #credentials: ReturnType<typeof credentialStore>;
  readonly #known = new Map<string, Promise<Answered>>();
  readonly #running = new Set<Asking>();
  readonly #waiting: (() => void)[] = [];
  #busy = 0;
  #closed = false;

  constructor(options: AskerOptions) {
    this.#options = options;
    this.#credentials = credentialStore(options.clock);
  }

  /** Never rejects. */
  ask(inquiry: Inquiry, target: ProbeTarget, certificate: ClientCertificate | undefined): Promise<Answered> {
    const key = JSON.stringify([target, certificate, { ...inquiry, preamble: inquiry.preamble?.toString('hex') }]);
    let answer = this.#known.get(key);
    if (answer === undefined) {
      answer = this.#ask(inquiry, target, certificate);
      this.#known.set(key, answer);
    }
    return answer;
  }

  /** Gives up what is being asked, and asks nothing more. Resolves when nothing is open. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const asking of this.#running) asking.cancel();
    await Promise.all(this.#known.values());
  }

  async #ask(inquiry: Inquiry, target: ProbeTarget, certificate: ClientCertificate | undefined): Promise<Answered> {
    await this.#turn();
    const { network, clock, timeoutMs } = this.#options;
    const files = { ca: undefined, cert: certificate?.cert, key: certificate?.key };
    const { probe, seen } = inspection(inquiry, network, () => this.#credentials(files));
    const asking = ask(probe, target, timeoutMs, clock);
    this.#running.add(asking);
    if (this.#closed) asking.cancel();
    try {
      const result = await asking.result;
      const { answer, certificate: shown } = seen;
      return { answer, certificate: shown, failure: result.ok ? undefined : result, seconds: result.seconds };
    } finally {
      this.#running.delete(asking);
      this.#busy--;
      this.#waiting.shift()?.();
    }
  }

  #turn(): Promise<void> | undefined {
    this.#busy++;
    if (this.#busy <= AT_ONCE) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
