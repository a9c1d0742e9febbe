// A changed file into effect: read and judge all of it, ask the guard, apply, and tell everybody who wants to know. One
// reload at a time; a failed one leaves everything as it was. What is touched, and how, is the load balancer's.

import { type ConfigDiff, diffConfigs, isSameConfig } from '../config/diff.ts';
import { type Loaded, loadConfig } from '../config/load.ts';
import type { Observer } from '../core/events.ts';
import { ChargehandError, ConfigError, formatProblem } from '../errors.ts';
import type { LoadBalancer } from '../load-balancer.ts';
import { leftCas } from './ca-guard.ts';
import { healthFaults } from './health-faults.ts';

/** What a reload would touch. */
export interface Plan extends ConfigDiff {
  /** The text of the file is the one that is in effect. */
  readonly unchanged: boolean;
  /** Sessions that run on what the file no longer has; they go on. */
  readonly sessions: readonly { readonly service: string; readonly node: string; readonly running: number }[];
  /** Why a reload would be refused without `force`. */
  readonly guards: readonly string[];
  readonly warnings: readonly string[];
}

export interface ReloadOutcome {
  readonly applied: boolean;
  readonly unchanged: boolean;
  /** Of a file that could be read. */
  readonly plan: Plan | undefined;
  /** Why nothing was applied, a line each; empty where it was. */
  readonly problems: readonly string[];
}

export interface Reloader {
  /** Never rejects: what went wrong stands in the outcome. `force`: past what a guard refuses. */
  reload(options: { readonly force: boolean }): Promise<ReloadOutcome>;
  /** Changes nothing; rejects with ConfigError. */
  plan(): Promise<Plan>;
}

export interface ReloaderOptions {
  /** What is in effect at first. */
  readonly loaded: Loaded;
  readonly balancer: LoadBalancer;
  /** Puts it into effect; rejects, and then nothing has changed. */
  apply(loaded: Loaded): Promise<void>;
  readonly log: Pick<Required<Observer>, 'notice'>;
  /** Before and after: for systemd, and for the metrics. */
  onStart(): void;
  onEnd(outcome: ReloadOutcome): void;
}

export function createReloader(options: ReloaderOptions): Reloader {
  const { balancer, log } = options;
  let { text, config } = options.loaded;
  let last: Promise<unknown> = Promise.resolve();

  /** After everything that was asked for before. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = last.then(work);
    last = result.catch(() => {});
    return result;
  }

  async function planOf(loaded: Loaded): Promise<Plan> {
    const diff = diffConfigs(config, loaded.config);
    return {
      ...diff,
      unchanged: loaded.text === text || isSameConfig(diff),
      sessions: leftBehind(diff, balancer),
      guards: await leftCas(balancer, loaded.config),
      warnings: loaded.warnings.map(formatProblem),
    };
  }

  async function read(): Promise<Loaded> {
    const loaded = await loadConfig(config.file);
    const faults = healthFaults(loaded);
    if (faults.length > 0) throw new ConfigError(faults);
    return loaded;
  }

  async function attempt(force: boolean): Promise<ReloadOutcome> {
    const loaded = await read();
    const unchanged = loaded.text === text && balancer.listensEverywhere;
    if (unchanged) return { applied: false, unchanged, plan: undefined, problems: [] };
    const plan = await planOf(loaded);
    if (plan.guards.length > 0 && !force) return { applied: false, unchanged: false, plan, problems: plan.guards };
    for (const risk of plan.guards) log.notice('warn', `forced: ${risk}`);
    await options.apply(loaded);
    ({ text, config } = loaded);
    return { applied: true, unchanged: plan.unchanged, plan, problems: [] };
  }

  async function reload({ force }: { readonly force: boolean }): Promise<ReloadOutcome> {
    options.onStart();
    const outcome = await attempt(force).catch((error: unknown) => failed(error));
    tell(outcome, log);
    options.onEnd(outcome);
    return outcome;
  }

  return {
    reload: (how) => inTurn(() => reload(how)),
    plan: () => inTurn(async () => planOf(await read())),
  };
}

function failed(error: unknown): ReloadOutcome {
  const problems =
    error instanceof ConfigError
      ? error.problems.filter((problem) => problem.severity === 'error').map(formatProblem)
      : (error instanceof Error ? error.message : String(error)).split('\n');
  if (!(error instanceof ChargehandError)) problems[0] = `internal error: ${problems[0]}`;
  return { applied: false, unchanged: false, plan: undefined, problems };
}

function tell({ applied, unchanged, plan, problems }: ReloadOutcome, log: ReloaderOptions['log']): void {
  for (const problem of problems) log.notice('error', `reload: ${problem}`);
  if (problems.length > 0) log.notice('error', 'the configuration was not reloaded: what was in effect still is');
  else if (!applied) log.notice('info', 'the configuration is unchanged');
  else {
    for (const warning of plan?.warnings ?? []) log.notice('warn', warning);
    for (const key of plan?.restart ?? []) log.notice('warn', `${key}: its change takes effect with the next restart`);
    log.notice('info', 'the configuration was reloaded', unchanged || plan === undefined ? {} : summary(plan));
  }
}

/** What changed, for one log line. */
function summary(plan: Plan): Record<string, unknown> {
  const { listeners, services, backends } = plan;
  const all = {
    services_added: services.added,
    services_removed: services.removed,
    services_changed: services.changed.map(({ name }) => name),
    listeners_added: listeners.added,
    listeners_removed: listeners.removed,
    backends_changed: backends.map(({ service }) => service),
  };
  const said = Object.entries(all).flatMap(([key, list]) => (list.length === 0 ? [] : [[key, list.join(' ')]]));
  return Object.fromEntries(said);
}

function leftBehind(diff: ConfigDiff, balancer: LoadBalancer): Plan['sessions'] {
  const services = new Set(diff.services.removed);
  const nodes = new Map(diff.backends.map(({ service, removed }) => [service, removed]));
  return balancer.snapshot().flatMap(({ service, backends }) =>
    backends.flatMap(({ node, active }) => {
      const leaves = services.has(service) || nodes.get(service)?.includes(node) === true;
      return leaves && active > 0 ? [{ service, node, running: active }] : [];
    }),
  );
}
