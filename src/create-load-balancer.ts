// chargehand inside another program: a configuration in, a balancer that is started, reloaded, watched and stopped. The
// same services as `chargehand run`, without what belongs to a process of their own: no log, no metrics, no sockets of
// control, no signals. `http`, `admin`, `haproxy`, `log` and `doctor` of a configuration have no effect here.

import { type Loaded, loadConfig, parseConfig } from './config/load.ts';
import { readDescriptorLimit, USUAL_DESCRIPTORS } from './control/descriptor-limit.ts';
import { healthFaults } from './control/health-faults.ts';
import { processLimit } from './control/process-limit.ts';
import { fanOut, type Observer } from './core/events.ts';
import type { ServiceSnapshot } from './core/status.ts';
import { ChargehandError, ConfigError } from './errors.ts';
import { LoadBalancer } from './load-balancer.ts';
import { chooseRelay, type RelayChoice } from './net/relay-choice.ts';

/** Where a configuration comes from: a file, the text of one, or the same as a plain object. */
export type ConfigSource = { readonly file: string } | { readonly text: string } | { readonly object: object };

export interface RunningLoadBalancer {
  /**
   * Binds every listener, then begins to check the backends. Rejects with a ListenError, and then nothing stays bound; the
   * balancer can't be started a second time.
   */
  start(): Promise<void>;
  /**
   * Puts another configuration into effect without touching a running session; without an argument the file is read
   * again. Resolves with whether anything was there to change. Rejects with a ConfigError or a ListenError, and then
   * nothing has changed. Several are done one after the other.
   */
  reload(source?: ConfigSource): Promise<boolean>;
  /** How every service stands now, in the order of the file. Throws while the balancer doesn't run. */
  status(): readonly ServiceSnapshot[];
  /**
   * Accepts no more and lets the running sessions finish, each service's for its `timeouts.drain`; a second call ends them
   * now. Resolves with how many were cut, when nothing of the balancer is open any more.
   */
  stop(): Promise<number>;
}

/**
 * Reads and checks a configuration. Rejects with a ConfigError that has every problem of it, with line and column. Events
 * go to the observers, each called synchronously: an observer must not throw.
 *
 * Nothing listens before `start()`. Of several balancers in one process one has the native relay; the others move their
 * bytes on Node's own sockets.
 */
export async function createLoadBalancer(
  source: ConfigSource,
  observers: readonly Observer[] = [],
): Promise<RunningLoadBalancer> {
  let loaded = await load(source);
  const { config } = loaded;
  const observer = fanOut(observers);
  const descriptors = readDescriptorLimit();
  // Its threads start with it: not before somebody wants to run.
  let relay: RelayChoice | undefined;
  let balancer: LoadBalancer | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let hurry: (() => void) | undefined;
  let stopped: Promise<number> | undefined;

  const running = (): LoadBalancer => {
    if (balancer !== undefined && stopped === undefined) return balancer;
    throw new ChargehandError('not-running', 'this balancer is not running', { side: 'proxy' });
  };

  async function reload(to: ConfigSource): Promise<boolean> {
    const next = await load(to);
    const target = running();
    if (next.text === loaded.text && target.listensEverywhere) return false;
    await target.apply(next.config);
    loaded = next;
    target.sessions.limit = processLimit(next.config, descriptors, relay?.descriptors ?? 0, observer);
    return true;
  }

  async function drain(target: LoadBalancer): Promise<number> {
    const cut = await target.drain(
      new Promise((resolve) => {
        hurry = resolve;
      }),
    );
    relay?.close();
    return cut;
  }

  return {
    async start() {
      if (balancer !== undefined || relay !== undefined)
        throw new ChargehandError('started', 'this balancer was started before', { side: 'proxy' });
      relay = await chooseRelay(config.relay, descriptors?.soft ?? USUAL_DESCRIPTORS);
      balancer = new LoadBalancer(config, {
        sessionLimit: processLimit(config, descriptors, relay.descriptors, observer),
        observers,
        startRelay: relay.start,
      });
      try {
        await balancer.start();
      } catch (error) {
        relay.close();
        stopped = Promise.resolve(0);
        throw error;
      }
    },
    reload(to = source) {
      const result = last.then(() => reload(to));
      last = result.catch(() => {});
      return result;
    },
    status: () => running().snapshot(),
    stop() {
      if (stopped === undefined) stopped = balancer === undefined ? Promise.resolve(0) : drain(balancer);
      else hurry?.();
      return stopped;
    },
  };
}

async function load(source: ConfigSource): Promise<Loaded> {
  const loaded = 'file' in source ? await loadConfig(source.file) : parseConfig(textOf(source), 'configuration');
  const faults = healthFaults(loaded);
  if (faults.length > 0) throw new ConfigError(faults);
  return loaded;
}

/** JSON is YAML: an object is judged by the same rules, with the same words, as a file. */
function textOf(source: { readonly text: string } | { readonly object: object }): string {
  return 'text' in source ? source.text : `${JSON.stringify(source.object, undefined, 2)}\n`;
}
