// All that an operator can do with a running balancer, whichever socket the wish came by: set a node, look at sessions and
// end one, ask where a client goes, see how everything stands. Keeps what the operator said and whether it still counts;
// speaks no protocol.

import type { Config, ServiceConfig } from '../config/config.ts';
import { didYouMean } from '../config/near.ts';
import { say, standing, type Word, wordFor } from '../core/admin-state.ts';
import type { AdminState } from '../core/backend.ts';
import type { Clock } from '../core/clock.ts';
import type { Observer } from '../core/events.ts';
import type { Backend, Pool } from '../core/pool.ts';
import { printable } from '../core/printable.ts';
import type { ServiceSnapshot } from '../core/status.ts';
import { ChargehandError } from '../errors.ts';
import type { Session } from '../net/session.ts';
import type { SessionTable } from '../net/session-table.ts';
import type { History } from '../observe/history.ts';
import { matches, type SessionFilter, type SessionRow, sessionRow } from './admin-sessions.ts';
import { type Refusal, type StatusAnswer, statusAnswer } from './admin-status.ts';
import { Deadlines } from './operator-deadlines.ts';
import { warningsFor } from './operator-warnings.ts';
import type { StateFile } from './state-file.ts';
import { type WhereAnswer, whereIs } from './where.ts';

/** What an operator works on: one service of the running balancer. */
export interface OperatedService {
  readonly name: string;
  readonly config: ServiceConfig;
  readonly pool: Pool;
  setAdmin(node: string, state: AdminState): void;
  /** What its health check has to say of a node besides its health. */
  note(node: string): string;
}

/** The running balancer. */
export interface Operated {
  readonly sessions: SessionTable;
  readonly services: readonly OperatedService[];
  snapshot(): readonly ServiceSnapshot[];
}

export interface OperatorOptions {
  readonly balancer: () => Operated;
  /** What the file says, without the operator's words. */
  readonly config: Config;
  readonly state: StateFile | undefined;
  readonly clock: Clock;
  readonly observer: Observer;
  /** Where its rates come from. Started and closed with the operator, if nobody else has. */
  readonly history: Pick<History, 'start' | 'close' | 'points'>;
  about(): StatusAnswer['program'];
  /** How the last reload was refused. */
  refused(): Refusal | null;
}

/** What the operator wants of a node. What is left out stays as it is. */
export interface NodeOrder {
  readonly state?: AdminState;
  /** 1 to 1000. */
  readonly weight?: number;
  /** Names; left out: the whole machine, in every service. */
  readonly services?: readonly string[];
  /** With drain and maint: what still runs then is ended. Left out: nothing is. */
  readonly withinMs?: number;
  /** Spread over so long, beginning at `withinMs`. */
  readonly closeOverMs?: number;
}

export interface NodeOutcome {
  readonly node: string;
  /** The services that it was set in. */
  readonly services: readonly string[];
  /** Sessions that run on it there. */
  readonly sessions: number;
  /** What follows from it that one may not have meant, each a sentence. */
  readonly warnings: readonly string[];
}

const MOST_WEIGHT = 1000;

export class Operator {
  readonly #options: OperatorOptions;
  readonly #deadlines: Deadlines;
  #file: Config;
  #states: readonly Word<AdminState>[] = [];
  #weights: readonly Word<number>[] = [];

  constructor(options: OperatorOptions) {
    this.#options = options;
    this.#file = options.config;
    this.#deadlines = new Deadlines(options.clock, () => this.#balancer.sessions);
  }

  /** Takes up what was said in an earlier life of the process. Before the services listen. */
  async start(): Promise<void> {
    await this.takeUp();
    this.#options.history.start();
  }

  /** Takes up what is kept: with another process before this one, once more when that has let go. */
  async takeUp(): Promise<void> {
    const kept = await this.#options.state?.load();
    if (kept?.warning !== undefined) this.#options.observer.notice?.('warn', kept.warning);
    this.#states = kept?.states ?? [];
    this.#weights = kept?.weights ?? [];
    this.loaded(this.#file);
  }

  close(): void {
    this.#deadlines.close();
    this.#options.history.close();
  }

  /** The same configuration with what the operator said of it: what a balancer should run with after a reload. */
  effective(config: Config): Config {
    const { states, weights } = this.#standing(config);
    const services = config.services.map((service) => ({
      ...service,
      backends: service.backends.map((spec) => ({
        ...spec,
        admin: wordFor(states, spec.node, service.name)?.value ?? spec.admin,
        weight: wordFor(weights, spec.node, service.name)?.value ?? spec.weight,
      })),
    }));
    return { ...config, services };
  }

  /** The balancer runs with this file now: words on which the file has changed its mind, or whose node is gone, end. */
  loaded(config: Config): void {
    const { states, weights } = this.#standing(config);
    const changed = states.length !== this.#states.length || weights.length !== this.#weights.length;
    this.#file = config;
    this.#states = states;
    this.#weights = weights;
    for (const service of this.effective(config).services) {
      const running = this.#balancer.services.find((s) => s.name === service.name);
      if (running === undefined) continue;
      for (const spec of service.backends) set(running, spec.node, spec.admin, spec.weight);
    }
    if (changed) void this.#keep();
  }

  /** Throws where there is no such node or service, or the order makes no sense; then nothing has changed. */
  async setNode(node: string, order: NodeOrder): Promise<NodeOutcome> {
    const services = this.#servicesOf(node, order.services);
    checkOrder(order);
    const names = services.map((service) => service.name);
    const at = this.#options.clock.wall();
    if (order.state !== undefined) {
      const file = fileOf(this.#file, node, 'admin') ?? 'ready';
      this.#states = say(this.#states, { node, services: order.services, value: order.state, file, at });
      for (const service of services) service.setAdmin(node, order.state);
      this.#deadlines.forget(node, names);
    }
    if (order.weight !== undefined) {
      const file = fileOf(this.#file, node, 'weight') ?? 1;
      this.#weights = say(this.#weights, { node, services: order.services, value: order.weight, file, at });
      for (const service of services) setWeight(service, node, order.weight);
      this.#options.observer.notice?.('info', 'weight changed', {
        node,
        services: names.join(' '),
        weight: order.weight,
      });
    }
    const warnings = [...warningsFor(node, order.state, services, this.#file)];
    if (order.withinMs !== undefined) this.#deadlines.set(node, names, order.withinMs, order.closeOverMs ?? 0);
    const { predecessor } = this.#options.about();
    if (predecessor !== null && (order.state === 'drain' || order.state === 'maint')) {
      warnings.push(
        `process ${predecessor}, from before the upgrade, may still have sessions on ${node}: they end by themselves, at the latest after timeouts.drain, and not by this`,
      );
    }
    const sessions = this.#on(node, names).length;
    const unkept = await this.#keep();
    if (unkept !== undefined) warnings.push(unkept);
    return { node, services: names, sessions, warnings };
  }

  /** The running sessions, one by one: they may end while somebody reads. */
  *sessions(filter: SessionFilter = {}): IterableIterator<SessionRow> {
    const { sessions } = this.#balancer;
    sessions.refresh();
    const matching = [...sessions].filter((session) => matches(session, filter));
    for (const session of matching) yield sessionRow(session, this.#options.clock.now());
  }

  /** Ends a session as `closed-by-operator`; false: none that runs has this id. */
  endSession(id: string): boolean {
    return this.#balancer.sessions.endAll('closed-by-operator', (session) => session.id === id) > 0;
  }

  /** Ends the sessions of a node in one service, as `closed-by-operator`; answers how many there were. */
  endSessionsOf(node: string, service: string): number {
    return this.#balancer.sessions.endAll(
      'closed-by-operator',
      (session) => session.backend?.node === node && session.host.config.name === service,
    );
  }

  /** What the file says, whatever was said since. */
  weightInFile(node: string, service: string): number {
    const backends = this.#file.services.find(({ name }) => name === service)?.backends ?? [];
    return backends.find((spec) => spec.node === node)?.weight ?? 1;
  }

  /** What the health check has to say of a node besides its health; mostly empty. */
  note(service: string, node: string): string {
    return this.#balancer.services.find(({ name }) => name === service)?.note(node) ?? '';
  }

  /** Where a client is sent now, service by service. Asks; picks nothing. Throws for what is no address. */
  where(client: string): readonly WhereAnswer[] {
    return this.#balancer.services.map((service) => whereIs(service, client));
  }

  status(): StatusAnswer {
    const { clock } = this.#options;
    return statusAnswer({
      program: this.#options.about(),
      config: this.#file,
      refused: this.#options.refused(),
      services: this.#balancer.snapshot(),
      sessions: this.#balancer.sessions,
      wall: clock.wall(),
      points: (service, node) => this.#options.history.points(service, node),
      word: (service, node) => wordFor(this.#states, node, service),
      weightWord: (service, node) => wordFor(this.#weights, node, service),
      endsAt: (service, node) => this.#deadlines.endsAt(node, service),
    });
  }

  get #balancer(): Operated {
    return this.#options.balancer();
  }

  #on(node: string, services: readonly string[]): Session[] {
    return [...this.#balancer.sessions].filter(
      (session) => session.backend?.node === node && services.includes(session.host.config.name),
    );
  }

  #standing(config: Config) {
    const serves = (node: string, service: string): boolean =>
      config.services.some((s) => s.name === service && s.backends.some((b) => b.node === node));
    return {
      states: standing(this.#states, (node) => fileOf(config, node, 'admin'), serves),
      weights: standing(this.#weights, (node) => fileOf(config, node, 'weight'), serves),
    };
  }

  #servicesOf(node: string, wanted: readonly string[] | undefined): readonly OperatedService[] {
    const nodes = this.#file.nodes.map(({ name }) => name);
    if (!nodes.includes(node)) throw notFound(`there is no node ${printable(node)}${didYouMean(node, nodes)}`);
    const all = this.#balancer.services.filter((service) => backendOf(service, node) !== undefined);
    if (wanted === undefined) return all;
    const names = all.map((service) => service.name);
    for (const name of wanted) {
      if (!names.includes(name)) {
        throw notFound(`node ${node} serves no service ${printable(name)}${didYouMean(name, names)}`);
      }
    }
    return all.filter((service) => wanted.includes(service.name));
  }

  /** Answers a warning where it can't be kept. */
  async #keep(): Promise<string | undefined> {
    return await this.#options.state?.save({ states: this.#states, weights: this.#weights });
  }
}

function set(service: OperatedService, node: string, state: AdminState, weight: number): void {
  service.setAdmin(node, state);
  setWeight(service, node, weight);
}

function setWeight(service: OperatedService, node: string, weight: number): void {
  const backend = backendOf(service, node);
  if (backend !== undefined && backend.spec.weight !== weight) service.pool.setWeight(backend, weight);
}

function backendOf(service: OperatedService, node: string): Backend | undefined {
  return service.pool.backends.find((backend) => backend.node === node && !backend.removed);
}

/** What the file says of a node; it says the same in all services. */
function fileOf<K extends 'admin' | 'weight'>(config: Config, node: string, key: K) {
  for (const service of config.services) {
    const spec = service.backends.find((backend) => backend.node === node);
    if (spec !== undefined) return spec[key];
  }
  return undefined;
}

function checkOrder({ state, weight, withinMs, closeOverMs }: NodeOrder): void {
  if (state === undefined && weight === undefined) throw bad('say what: a state (ready, drain, maint) or a weight');
  if (weight !== undefined && !(Number.isInteger(weight) && weight >= 1 && weight <= MOST_WEIGHT)) {
    throw bad(`a weight is a whole number from 1 to ${MOST_WEIGHT}; to send a node no sessions, drain it`);
  }
  if (withinMs !== undefined && (state === undefined || state === 'ready')) {
    throw bad('only drain and maint take a time within which sessions end');
  }
  if (closeOverMs !== undefined && withinMs === undefined) {
    throw bad('no session is ended without a time within: give both');
  }
}

function notFound(message: string): ChargehandError {
  return new ChargehandError('not-found', message, { side: 'client' });
}

function bad(message: string): ChargehandError {
  return new ChargehandError('bad-order', message, { side: 'client' });
}
