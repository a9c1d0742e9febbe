// HAProxy's wishes about a server, as the operator's: a service is the proxy, a node the server. Knows one thing that
// chargehand doesn't: weight 0, which is a drain that ends with the next weight, beside any other state.

import type { AdminState } from '../../core/backend.ts';
import type { Observer } from '../../core/events.ts';
import type { Backend } from '../../core/pool.ts';
import type { NodeOrder } from '../operator.ts';
import { CliError } from './cli-error.ts';
import { type ShownService, serversOf } from './shown-service.ts';

/** What is needed of the operator. */
export interface ServerOperator {
  setNode(node: string, order: NodeOrder): Promise<{ readonly warnings: readonly string[] }>;
  /** Ends the sessions of a node in a service. */
  endSessionsOf(node: string, service: string): number;
  /** What the file says. */
  weightInFile(node: string, service: string): number;
}

export interface Server {
  readonly service: ShownService;
  readonly backend: Backend;
}

const MOST_WEIGHT = 1000;

export class Servers {
  readonly #operator: ServerOperator;
  readonly #services: () => readonly ShownService[];
  readonly #observer: Observer;
  /** Of those whose weight was set to 0, by `service/node`: the state they have apart from it. */
  readonly #weightless = new Map<string, AdminState>();

  constructor(operator: ServerOperator, services: () => readonly ShownService[], observer: Observer) {
    this.#operator = operator;
    this.#services = services;
    this.#observer = observer;
  }

  get services(): readonly ShownService[] {
    return this.#services();
  }

  /** Throws the answer where there is none. */
  service(name: string, answer = 'No such backend.'): ShownService {
    const service = this.services.find((one) => one.name === name);
    if (service === undefined) throw new CliError(answer);
    return service;
  }

  /** `S/N`, a proxy by its name and a server by its name. */
  find(path: string | undefined): Server {
    const [name, node, ...more] = path?.split('/') ?? [];
    if (name === undefined || name === '' || node === undefined || node === '' || more.length > 0) {
      throw new CliError("Require 'backend/server'.");
    }
    const service = this.service(name);
    const backend = serversOf(service).find((one) => one.node === node);
    if (backend === undefined) throw new CliError('No such server.');
    return { service, backend };
  }

  weight(service: string, { node, admin, spec }: Backend): number {
    return admin !== 'ready' && this.#weightless.has(keyOf(service, node)) ? 0 : spec.weight;
  }

  initialWeight(service: string, { node }: Backend): number {
    return this.#operator.weightInFile(node, service);
  }

  setState({ service, backend }: Server, state: AdminState): void {
    const weightless = this.#isWeightless(service.name, backend);
    if (weightless) this.#weightless.set(keyOf(service.name, backend.node), state);
    // Without weight it has no new sessions, whatever its state.
    const order = weightless && state === 'ready' ? 'drain' : state;
    this.#order(backend.node, { state: order, services: [service.name] });
  }

  /** `wish`: a number, or `50%` of what the file says. */
  setWeight({ service, backend }: Server, wish: string): void {
    const key = keyOf(service.name, backend.node);
    const weight = parseWeight(wish, this.initialWeight(service.name, backend));
    const services = [service.name];
    const weightless = this.#isWeightless(service.name, backend);
    if (weight === 0) {
      if (weightless) return;
      this.#weightless.set(key, backend.admin);
      // In maintenance, or drained for another reason: that goes on when the weight is set again.
      if (backend.admin === 'ready') this.#order(backend.node, { state: 'drain', services });
      return;
    }
    const back = weightless && this.#weightless.get(key) === 'ready' && backend.admin === 'drain';
    this.#weightless.delete(key);
    this.#order(backend.node, { weight, services, ...(back ? { state: 'ready' } : {}) });
  }

  /** One that has become ready in another way is so no more. */
  #isWeightless(service: string, { node, admin }: Backend): boolean {
    const key = keyOf(service, node);
    if (admin === 'ready') this.#weightless.delete(key);
    return this.#weightless.has(key);
  }

  endSessions({ service, backend }: Server): void {
    this.#operator.endSessionsOf(backend.node, service.name);
  }

  /**
   * In effect at once. That it is kept on disk is not waited for: HAProxy's tools expect an answer within a second. What
   * there is to say of it goes to the log.
   */
  #order(node: string, order: NodeOrder): void {
    const tell = (message: string) => this.#observer.notice?.('warn', `haproxy.socket: ${message}`);
    this.#operator.setNode(node, order).then(
      ({ warnings }) => warnings.forEach(tell),
      (error: Error) => tell(error.message),
    );
  }
}

function keyOf(service: string, node: string): string {
  return `${service}/${node}`;
}

function parseWeight(wish: string, initial: number): number {
  const [, digits = '', percent] = /^(-?\d{1,9})(%?)$/.exec(wish) ?? [];
  if (digits === '') throw new CliError('Empty weight string or preceded by garbage.');
  const number = Number(digits);
  if (percent === '%') {
    if (number < 0) throw new CliError('Relative weight must be positive.');
    // A share that is left is never none.
    return number === 0 ? 0 : Math.min(MOST_WEIGHT, Math.max(1, Math.round((initial * number) / 100)));
  }
  if (number < 0 || number > MOST_WEIGHT) {
    throw new CliError(`Absolute weight can only be between 0 and ${MOST_WEIGHT} inclusive.`);
  }
  return number;
}
