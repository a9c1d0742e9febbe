// The work of `chargehand run`: from the file to a running balancer, and from signals to its end.

import { hostname } from 'node:os';
import { loadConfig } from '../config/load.ts';
import { readDescriptorLimit, USUAL_DESCRIPTORS } from '../control/descriptor-limit.ts';
import { healthFaults } from '../control/health-faults.ts';
import { Notifier } from '../control/notify.ts';
import { Runner } from '../control/runner.ts';
import { READY, startSuccessor, YOURS } from '../control/upgrade.ts';
import { systemClock } from '../core/clock.ts';
import { ConfigError } from '../errors.ts';
import { chooseRelay } from '../net/relay-choice.ts';
import { chooseSockets } from '../net/socket-way.ts';
import { createLog, type Log } from '../observe/log.ts';
import type { Given } from './command.ts';
import { EXIT, type Host } from './host.ts';

const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Resolves with the exit code when the balancer has ended. */
export async function runBalancer(given: Given, host: Host): Promise<number> {
  const loaded = await loadConfig(given.config);
  const { config } = loaded;
  const faults = healthFaults(loaded);
  if (faults.length > 0) throw new ConfigError(faults);
  const { terminal, env, pid, predecessor } = host;
  const log = createLog(config.log, { fd: 1, isTerminal: terminal.is, color: terminal.color, clock: systemClock });
  const descriptors = readDescriptorLimit();
  const relay = await chooseRelay(config.relay, descriptors?.soft ?? USUAL_DESCRIPTORS);
  const notifier = new Notifier({
    env,
    pid,
    clock: systemClock,
    monotonicNs: host.monotonicNs,
    alive: () => relay.moved(),
    onFailed: (error) => log.notice('warn', error.message),
  });
  const runner = new Runner(loaded, {
    log,
    version: host.versions.chargehand,
    nodeVersion: `v${host.versions.node}`,
    pid,
    hostName: hostname(),
    descriptors,
    inherited: host.inherited,
    sockets: await chooseSockets((name) => host.binding(name)),
    relay,
    notifier,
    predecessor: predecessor && {
      pid: predecessor.pid,
      runs: () => predecessor.runs(),
      letsGo: () => handedOver(predecessor),
    },
    startSuccessor: (sockets) => {
      const command = [...host.argv.program, ...host.argv.own];
      return startSuccessor({ command, env, pid, sockets, clock: systemClock });
    },
  });
  try {
    const started = runner.start();
    // Caught from now on: a signal that comes while it starts counts when it has.
    const ended = untilItEnds(host, runner, log, started);
    await started;
    const why = await ended;
    const again = nextSignal(host);
    let hurried = false;
    const hurry = again.then(() => {
      hurried = true;
    });
    if (why === 'upgraded') await runner.finish(hurry);
    else await runner.stop(why, hurry);
    return hurried ? EXIT.failed : EXIT.done;
  } finally {
    await notifier.close();
    await log.close();
  }
}

/** Tells the process before that every port is ours; resolves when it has let go of what only one can have. */
function handedOver(predecessor: NonNullable<Host['predecessor']>): Promise<void> {
  const yours = predecessor.heard(YOURS);
  predecessor.tell(READY);
  return yours;
}

/** Serves the signals; resolves with the one that ends the process, or with `upgraded` when another has taken over. */
function untilItEnds(host: Host, runner: Runner, log: Log, started: Promise<void>): Promise<string> {
  host.signals.on('SIGUSR2', () => {
    started.then(() => runner.upgrade({ force: false })).catch((error: Error) => log.notice('error', error.message));
  });
  host.signals.on('SIGHUP', () => {
    // A start that fails is told by the start.
    started.then(() => runner.reload()).catch(() => {});
  });
  return Promise.race([nextSignal(host), runner.handedOver.then(() => 'upgraded')]);
}

/** Resolves with the next SIGTERM or SIGINT. */
function nextSignal({ signals }: Host): Promise<string> {
  return new Promise((resolve) => {
    const caught = (signal: string) => {
      for (const name of STOP_SIGNALS) signals.off(name, caught);
      resolve(signal);
    };
    for (const name of STOP_SIGNALS) signals.on(name, caught);
  });
}
