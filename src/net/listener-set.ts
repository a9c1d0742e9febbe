// The listeners of the process, by what they are bound to, and the step from one set to another: all of the new ones are
// bound, or everything is as it was. Who accepts on them is not known here.

import type { ListenAddress } from '../config/config.ts';
import { listenKey, overlap } from '../config/diff.ts';
import type { Clock } from '../core/clock.ts';
import { ListenError } from '../errors.ts';
import { InheritedSockets } from './inherited-sockets.ts';
import { Listener } from './listener.ts';
import type { SocketWay } from './socket-way.ts';

/** What wants to listen, with the name that errors give it. */
export interface Wanted {
  readonly service: string;
  /** Which of the service's it is, from 0: ports that are given by the kernel have no other name. */
  readonly place: number;
  readonly address: ListenAddress;
}

/**
 * New listeners, bound; nothing else has changed yet (but for those that overlapped: they are closed already). One of `commit`
 * and `abandon` is called.
 */
export interface Prepared {
  /** The listener of an address that was asked for. */
  get(address: ListenAddress): Listener;
  /** The new ones stay; the old ones are closed once nobody waits in their queues, and inherited ones that are none of them. */
  commit(): Promise<void>;
  /** The new ones are closed: all of it is being stopped. */
  abandon(): Promise<void>;
}

export interface ListenerSetOptions {
  readonly clock: Clock;
  readonly sockets: SocketWay;
  /** Descriptors that were passed to this process: `systemd:NAME` and, by its predecessor, any other by its key. */
  readonly inherited: ReadonlyMap<string, number>;
}

export class ListenerSet {
  readonly #options: ListenerSetOptions;
  readonly #inherited: InheritedSockets;
  /** By `keyOf`. */
  #listeners = new Map<string, Listener>();

  constructor(options: ListenerSetOptions) {
    this.#options = options;
    this.#inherited = new InheritedSockets(options.inherited);
  }

  /** Rejects with every ListenError there was, and then all is as before. */
  async prepare(wanted: readonly Wanted[]): Promise<Prepared> {
    const next = new Map<string, Listener>();
    const added: Wanted[] = [];
    const byAddress = new Map<ListenAddress, string>();
    for (const one of wanted) {
      const key = keyOf(one);
      byAddress.set(one.address, key);
      const known = this.#listeners.get(key);
      if (known === undefined) added.push(one);
      else next.set(key, known);
    }
    const removed = [...this.#listeners].filter(([key]) => !next.has(key)).map(([, listener]) => listener);
    const clashes = (one: Wanted) => removed.filter((listener) => overlap(one.address, listener.address));
    const passed = added.filter((one) => this.#inherited.has(keyOf(one)));
    const anew = added.filter((one) => !passed.includes(one));
    const apart = anew.filter((one) => clashes(one).length === 0);
    const inPlace = anew.filter((one) => clashes(one).length > 0);
    const bound = new Map(await this.#bind(apart));
    const closed = new Set(inPlace.flatMap(clashes));
    await Promise.all([...closed].map((listener) => listener.close()));
    try {
      for (const [key, listener] of await this.#bind(inPlace)) bound.set(key, listener);
      // Last, since they can be had only once: when another address is refused, they are still there.
      for (const [key, listener] of await this.#bind(passed)) bound.set(key, listener);
    } catch (error) {
      await Promise.all([...bound.values()].map((listener) => listener.close()));
      const failures = [error, ...(await this.#rebind(closed))];
      throw allOf(failures.map((failure) => (failure instanceof Error ? failure : new Error(String(failure)))));
    }
    for (const [key, listener] of bound) next.set(key, listener);
    return {
      get: (address) => {
        const listener = next.get(byAddress.get(address) ?? '');
        if (listener === undefined) throw new Error(`nobody asked for ${listenKey(address)}`);
        return listener;
      },
      commit: async () => {
        this.#listeners = next;
        for (const listener of bound.values()) listener.settle();
        this.#inherited.closeUnused();
        const { clock } = this.#options;
        await Promise.all(removed.filter((l) => !closed.has(l)).map((listener) => listener.retire(clock)));
      },
      abandon: async () => {
        await Promise.all([...bound.values()].map((listener) => listener.close()));
      },
    };
  }

  /** Whether it listens on all of them; not so after a step that failed and could not put back what it had closed. */
  has(wanted: readonly Wanted[]): boolean {
    return wanted.every((one) => this.#listeners.has(keyOf(one)));
  }

  /** Of the sockets that systemd passed: the names of those that nobody listens on. */
  get unused(): readonly string[] {
    return this.#inherited.unused;
  }

  /** Their descriptors by key, and those of systemd's that are not used yet, for a process that is to go on listening. */
  descriptors(): ReadonlyMap<string, number> {
    const bound = [...this.#listeners].map(([key, listener]) => [key, listener.descriptor] as const);
    return new Map([...this.#inherited.left, ...bound]);
  }

  /** Another process goes on listening on them. */
  handOver(): void {
    for (const listener of this.#listeners.values()) listener.handOver();
  }

  /** Accepts no more; resolves when all are closed. */
  async close(): Promise<void> {
    const listeners = [...this.#listeners.values()];
    this.#listeners = new Map();
    await Promise.all(listeners.map((listener) => listener.close()));
  }

  /** All, or none and every reason why. */
  async #bind(wanted: readonly Wanted[]): Promise<[key: string, Listener][]> {
    const listeners = wanted.map(({ address }) => new Listener(address, this.#options.sockets));
    const results = await Promise.allSettled(listeners.map((listener) => listener.start(this.#inherited)));
    const failures = results.flatMap((result, i) =>
      result.status === 'rejected' ? [named(result.reason, wanted[i])] : [],
    );
    if (failures.length === 0) return wanted.map((one, i) => [keyOf(one), listeners[i] as Listener]);
    await Promise.all(listeners.map((listener) => listener.close()));
    throw allOf(failures);
  }

  /** Puts listeners that were closed back as they were; answers what could not be. */
  async #rebind(closed: ReadonlySet<Listener>): Promise<unknown[]> {
    const failures: unknown[] = [];
    for (const [key, old] of this.#listeners) {
      if (!closed.has(old)) continue;
      const again = new Listener(old.address, this.#options.sockets);
      again.takeOver(old);
      try {
        await again.start(this.#inherited);
        this.#listeners.set(key, again);
      } catch (error) {
        // Not known any more, so that the next step binds it.
        this.#listeners.delete(key);
        failures.push(notPutBack(error));
      }
    }
    return failures;
  }
}

function keyOf({ service, place, address }: Wanted): string {
  const key = listenKey(address);
  return address.kind === 'tcp' && address.port === 0 ? `${service} ${place} ${key}` : key;
}

function named(error: unknown, wanted: Wanted | undefined): Error {
  if (!(error instanceof ListenError)) return error instanceof Error ? error : new Error(String(error));
  return new ListenError(error.code, `service ${wanted?.service}: ${error.message}`, error.cause);
}

function notPutBack(error: unknown): unknown {
  if (!(error instanceof ListenError)) return error;
  const message = `nobody listens until the next reload where one had to be closed: ${error.message}`;
  return new ListenError(error.code, message, error.cause);
}

function allOf(failures: readonly Error[]): Error {
  const [first] = failures;
  if (failures.length === 1 && first !== undefined) return first;
  return new ListenError('listen-failed', failures.map((failure) => failure.message).join('\n'), failures);
}
