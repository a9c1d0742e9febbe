// The life of `chargehand run`: what is started in which order, what a stop means, and what is said about it. Gets
// everything of the process as arguments; knows no signals.

import type { Config } from '../config/config.ts';
import { systemClock } from '../core/clock.ts';
import type { Observer } from '../core/events.ts';
import { sessionLimit } from '../core/session-limit.ts';
import { type Problem, problemLine } from '../errors.ts';
import { LoadBalancer } from '../load-balancer.ts';
import type { SocketWay } from '../net/socket-way.ts';
import type { Log } from '../observe/log.ts';
import { createMetrics } from '../observe/metrics.ts';
import type { DescriptorLimit } from './descriptor-limit.ts';
import { createPageServer, type PageServer } from './page-server.ts';

export interface RunnerOptions {
  readonly log: Log;
  readonly version: string;
  readonly nodeVersion: string;
  /** Names of this machine, under which its HTTP port may be asked. */
  readonly hostName: string;
  readonly descriptors: DescriptorLimit | undefined;
  readonly systemdSockets: ReadonlyMap<string, number>;
  readonly sockets: SocketWay;
}

/** Assumed where the kernel doesn't tell: the soft limit that most systems start with. */
const USUAL_DESCRIPTORS = 1024;
/** A limit that nobody sets on purpose. */
const FEW_SESSIONS = 100;
/** Connections of the read-only port. */
const CONTROL_DESCRIPTORS = 64;

export class Runner {
  readonly #config: Config;
  readonly #log: Log;
  readonly #sockets: SocketWay;
  readonly #balancer: LoadBalancer;
  readonly #page: PageServer | undefined;

  constructor(config: Config, options: RunnerOptions) {
    const { log, descriptors } = options;
    this.#config = config;
    this.#log = log;
    this.#sockets = options.sockets;
    const metrics = createMetrics({
      version: options.version,
      nodeVersion: options.nodeVersion,
      relayKind: 'net',
      openFilesLimit: descriptors?.soft,
      snapshot: () => this.#balancer.snapshot(),
      logLinesDropped: () => log.dropped,
      clock: systemClock,
    });
    const observers: readonly Observer[] = [log, metrics];
    this.#balancer = new LoadBalancer(config, {
      sessionLimit: processLimit(config, descriptors, log),
      observers,
      systemdSockets: options.systemdSockets,
      sockets: options.sockets,
    });
    this.#page =
      config.http === false
        ? undefined
        : createPageServer(config.http, {
            metrics,
            snapshot: () => this.#balancer.snapshot(),
            ready: () => this.#balancer.ready(),
            names: [options.hostName, ...(config.name === undefined ? [] : [config.name])],
            clock: systemClock,
            observer: log,
          });
  }

  /** Binds everything, or nothing and rejects with lines that a user can act on. */
  async start(warnings: readonly Problem[]): Promise<void> {
    for (const warning of warnings) this.#log.notice('warn', problemLine(warning, ''));
    const page = await this.#page?.start();
    try {
      await this.#balancer.start();
    } catch (error) {
      await this.#page?.close();
      throw error;
    }
    for (const service of this.#balancer.snapshot()) {
      this.#log.notice('info', 'service listens', {
        service: service.service,
        listen: service.listen.join(' '),
        balance: service.strategy,
        nodes: service.backends.map((b) => b.node).join(' '),
        max_sessions: service.limit,
      });
    }
    this.#log.notice('info', 'chargehand is ready', {
      services: this.#config.services.length,
      nodes: this.#config.nodes.length,
      max_sessions: this.#balancer.sessions.limit,
      relay: 'net',
      sockets: this.#sockets.kind,
      ...(page === undefined ? {} : { metrics: `http://${page}/metrics` }),
    });
  }

  /** Announces, stops accepting, lets sessions finish, ends the rest. `hurry`: end them now. Answers how many were cut. */
  async stop(why: string, hurry: Promise<void>): Promise<number> {
    const { sessions } = this.#balancer;
    const running = sessions.size;
    this.#log.notice('info', `${why}: stopping`, { sessions: running });
    this.#balancer.announceDrain();
    const announceMs = Math.max(0, ...this.#config.services.map((s) => s.timeouts.announceMs));
    if (announceMs > 0) await announcing(announceMs, hurry);
    const cut = await this.#balancer.drain(hurry);
    await this.#page?.close();
    this.#log.notice('info', 'chargehand has stopped', {
      sessions_finished: Math.max(0, running - cut),
      sessions_cut: cut,
    });
    return cut;
  }
}

/** `max_sessions` of the process: what the file says, as far as the descriptors carry it. */
function processLimit(config: Config, descriptors: DescriptorLimit | undefined, log: Log): number {
  const limit = sessionLimit(descriptors?.soft ?? USUAL_DESCRIPTORS, {
    listeners: config.services.reduce((sum, service) => sum + service.listen.length, 0),
    probes: config.services.reduce((sum, service) => sum + (service.health === false ? 0 : service.backends.length), 0),
    control: CONTROL_DESCRIPTORS,
  });
  if (limit < FEW_SESSIONS) {
    log.notice(
      'warn',
      `the descriptor limit of ${descriptors?.soft} carries only ${limit} sessions: raise LimitNOFILE`,
    );
  }
  if (config.maxSessions === 'auto') return limit;
  if (config.maxSessions > limit) {
    log.notice(
      'warn',
      `max_sessions ${config.maxSessions} is more than the descriptor limit carries: ${limit} it is (raise LimitNOFILE)`,
    );
  }
  return Math.min(limit, config.maxSessions);
}

function announcing(ms: number, hurry: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = systemClock.after(ms, resolve);
    void hurry.then(() => {
      timer.cancel();
      resolve();
    });
  });
}
