// The life of `chargehand run`: what is started in which order, what a reload, an upgrade and a stop mean, and what is said
// about it. Gets everything of the process as arguments; knows no signals.

import type { Config } from '../config/config.ts';
import { hasChanged, type Loaded } from '../config/load.ts';
import { renderConfig } from '../config/show.ts';
import { systemClock } from '../core/clock.ts';
import type { DoctorSchedule } from '../doctor/schedule.ts';
import { ChargehandError, problemLine } from '../errors.ts';
import { LoadBalancer } from '../load-balancer.ts';
import { BACKLOG } from '../net/listener.ts';
import type { RelayChoice } from '../net/relay-choice.ts';
import type { SocketWay } from '../net/socket-way.ts';
import { History } from '../observe/history.ts';
import type { Log } from '../observe/log.ts';
import { createMetrics, type Metrics } from '../observe/metrics.ts';
import { AdminServer } from './admin-server.ts';
import type { Refusal } from './admin-status.ts';
import { ControlPorts } from './control-ports.ts';
import type { DescriptorLimit } from './descriptor-limit.ts';
import { HaproxyFace } from './haproxy/haproxy-face.ts';
import { shortQueue } from './kernel.ts';
import type { Notifier } from './notify.ts';
import { Operator } from './operator.ts';
import { createPageServer, type PageServer } from './page-server.ts';
import { type Predecessor, predecessorGone } from './predecessor.ts';
import { processLimit } from './process-limit.ts';
import { inWords, tellReady } from './ready-lines.ts';
import { createReloader, type Reloader, type ReloadOutcome } from './reload.ts';
import { runningDoctor } from './running-doctor.ts';
import { StateFile } from './state-file.ts';
import type { Successor, Upgrade } from './upgrade.ts';

export interface RunnerOptions {
  readonly log: Log;
  readonly version: string;
  readonly nodeVersion: string;
  readonly pid: number;
  /** Names of this machine, under which its HTTP port may be asked. */
  readonly hostName: string;
  readonly descriptors: DescriptorLimit | undefined;
  readonly inherited: ReadonlyMap<string, number>;
  readonly sockets: SocketWay;
  readonly relay: RelayChoice;
  readonly notifier: Notifier;
  /** The process that hands over to this one. */
  readonly predecessor: Predecessor | undefined;
  /** Starts the program anew with these listening descriptors. */
  readonly startSuccessor: (sockets: ReadonlyMap<string, number>) => Promise<Successor>;
}

export class Runner {
  readonly #options: RunnerOptions;
  readonly #log: Log;
  readonly #metrics: Metrics;
  readonly #history: History;
  readonly #balancer: LoadBalancer;
  readonly #operator: Operator;
  readonly #haproxy: HaproxyFace;
  readonly #reloader: Reloader;
  readonly #ports: ControlPorts;
  readonly #doctor: DoctorSchedule;
  readonly #startedAt = systemClock.wall();
  /** What the file says; the balancer's has the operator's words in it. */
  #loaded: Loaded;
  #refused: Refusal | null = null;
  #upgrading: Promise<Upgrade> | undefined;
  #handedOver: () => void = () => {};
  /** Resolves when a new process has taken over: what is left is to let our sessions finish. */
  readonly handedOver = new Promise<void>((resolve) => {
    this.#handedOver = resolve;
  });

  constructor(loaded: Loaded, options: RunnerOptions) {
    const { log, descriptors, relay } = options;
    const { config } = loaded;
    this.#options = options;
    this.#loaded = loaded;
    this.#log = log;
    this.#metrics = createMetrics({
      version: options.version,
      nodeVersion: options.nodeVersion,
      relayKind: relay.kind,
      openFilesLimit: descriptors?.soft,
      snapshot: () => this.#balancer.snapshot(),
      logLinesDropped: () => log.dropped,
      clock: systemClock,
    });
    this.#history = new History({ clock: systemClock, snapshot: () => this.#balancer.snapshot() });
    this.#operator = new Operator({
      balancer: () => this.#balancer,
      config,
      state: config.admin === false ? undefined : new StateFile(config.admin.state),
      clock: systemClock,
      observer: log,
      history: this.#history,
      about: () => ({
        version: options.version,
        started: new Date(this.#startedAt).toISOString(),
        relay: { kind: relay.kind, threads: relay.threads },
        predecessor: options.predecessor?.runs() === true ? options.predecessor.pid : null,
      }),
      refused: () => this.#refused,
    });
    this.#haproxy = new HaproxyFace({
      clock: systemClock,
      observer: log,
      services: () => this.#balancer.services,
      operator: this.#operator,
      refresh: () => this.#balancer.sessions.refresh(),
      process: () => ({
        version: options.version,
        hostName: options.hostName,
        pid: options.pid,
        startedAt: this.#startedAt,
        threads: 1 + relay.threads,
        openFilesLimit: descriptors?.soft,
        sessionLimit: this.#balancer.sessions.limit,
        sessions: this.#balancer.sessions.size,
        stopping: !this.#balancer.ready().ready,
        droppedLogLines: log.dropped,
      }),
    });
    this.#balancer = new LoadBalancer(config, {
      sessionLimit: processLimit(config, descriptors, relay.descriptors, log),
      observers: [log, this.#metrics, this.#history, this.#haproxy.observer],
      inherited: options.inherited,
      sockets: options.sockets,
      startRelay: relay.start,
    });
    this.#doctor = runningDoctor({
      sockets: options.sockets,
      observers: [log, this.#metrics],
      config: () => this.#operator.effective(this.#loaded.config),
    });
    this.#reloader = createReloader({
      loaded,
      balancer: this.#balancer,
      apply: (next) => this.#apply(next),
      log,
      onStart: () => options.notifier.reloading(),
      onEnd: (outcome) => this.#reloaded(outcome),
    });
    this.#ports = new ControlPorts(config, {
      admin:
        config.admin === false
          ? undefined
          : new AdminServer(config.admin, {
              operator: this.#operator,
              reloader: this.#reloader,
              upgrade: (how) => this.upgrade(how),
              config: () => renderConfig(this.#loaded),
              observer: log,
            }),
      haproxy: this.#haproxy,
      createPage: (wanted) => this.#createPage(wanted),
    });
  }

  /** Binds everything, or nothing and rejects with lines that a user can act on. */
  async start(): Promise<void> {
    const { predecessor, notifier } = this.#options;
    for (const warning of this.#loaded.warnings) this.#log.notice('warn', problemLine(warning, ''));
    const short = shortQueue(BACKLOG);
    if (short !== undefined) this.#log.notice('warn', short);
    await this.#operator.start();
    this.#haproxy.count(this.#loaded.config);
    try {
      if (predecessor === undefined) await this.#ports.open();
      await this.#balancer.start();
    } catch (error) {
      await this.#ports.close();
      this.#operator.close();
      this.#options.relay.close();
      throw error;
    }
    if (predecessor !== undefined) {
      await predecessor.letsGo();
      // What its operator said until then; from here on it is said to us.
      await this.#operator.takeUp();
      // The services are ours already: a port of control that can't be had is no reason to leave them.
      await this.#ports.open().catch((error: Error) => this.#log.notice('error', error.message));
    }
    this.#doctor.update();
    const { relay, sockets } = this.#options;
    tellReady(this.#log, {
      config: this.#loaded.config,
      balancer: this.#balancer,
      relay,
      sockets,
      http: this.#ports.http,
    });
    notifier.ready(inWords(this.#loaded.config));
    // It may have read the file again while we started.
    if (predecessor !== undefined && (await hasChanged(this.#loaded))) await this.reload();
  }

  /** Reads the file again and puts it into effect. Never rejects. */
  reload(): Promise<ReloadOutcome> {
    return this.#reloader.reload({ force: false });
  }

  /**
   * Hands over to a new process of the program; resolves when that holds every port. Rejects, and then nothing has changed,
   * when it doesn't become ready, and where a guard refuses the file that it would start with. `force`: past the guards.
   */
  upgrade({ force }: { readonly force: boolean }): Promise<Upgrade> {
    this.#upgrading ??= this.#upgrade(force).finally(() => {
      this.#upgrading = undefined;
    });
    return this.#upgrading;
  }

  /** Announces, stops accepting, lets sessions finish, ends the rest. `hurry`: end them now. Answers how many were cut. */
  async stop(why: string, hurry: Promise<void>): Promise<number> {
    const { sessions } = this.#balancer;
    const running = sessions.size;
    this.#log.notice('info', `${why}: stopping`, { sessions: running });
    this.#options.notifier.stopping(`stopping: ${running} sessions may finish`);
    this.#balancer.announceDrain();
    const announceMs = Math.max(0, ...this.#loaded.config.services.map((s) => s.timeouts.announceMs));
    if (announceMs > 0) await announcing(announceMs, hurry);
    return this.finish(hurry);
  }

  /** Accepts no more, lets sessions finish, ends the rest. Answers how many were cut. */
  async finish(hurry: Promise<void>): Promise<number> {
    const running = this.#balancer.sessions.size;
    const [cut] = await Promise.all([
      this.#balancer.drain(hurry),
      this.#doctor.close(),
      predecessorGone(this.#options.predecessor, { hurry, clock: systemClock, log: this.#log }),
    ]);
    await this.#ports.close();
    this.#operator.close();
    this.#options.relay.close();
    this.#log.notice('info', 'chargehand has stopped', {
      sessions_finished: Math.max(0, running - cut),
      sessions_cut: cut,
    });
    return cut;
  }

  async #apply(next: Loaded): Promise<void> {
    const { descriptors, relay } = this.#options;
    const { config } = next;
    const ports = await this.#ports.prepare(config);
    try {
      await this.#balancer.apply(this.#operator.effective(config));
    } catch (error) {
      await ports.abandon();
      throw error;
    }
    this.#loaded = next;
    this.#operator.loaded(config);
    this.#balancer.sessions.limit = processLimit(config, descriptors, relay.descriptors, this.#log);
    this.#log.update(config.log);
    this.#doctor.update();
    await ports.commit();
  }

  #reloaded({ problems }: ReloadOutcome): void {
    const done = problems.length === 0;
    this.#refused = done ? null : { at: new Date(systemClock.wall()).toISOString(), problems };
    this.#metrics.reloaded(done);
    const words = inWords(this.#loaded.config);
    this.#options.notifier.ready(done ? words : `${words}; the last reload failed`);
  }

  async #upgrade(force: boolean): Promise<Upgrade> {
    const { ready, reason } = this.#balancer.ready();
    if (!ready) throw new ChargehandError('not-running', `no new process is started: ${reason}`, { side: 'proxy' });
    // The new program may know more than this one: whether the file is valid is its word.
    const plan = await this.#reloader.plan().catch(() => undefined);
    const guards = plan?.guards ?? [];
    if (guards.length > 0 && !force) throw new ChargehandError('upgrade-refused', guards.join('\n'), { side: 'proxy' });
    for (const risk of guards) this.#log.notice('warn', `forced: ${risk}`);
    const successor = await this.#options.startSuccessor(this.#balancer.descriptors());
    this.#balancer.handOver();
    this.#options.notifier.mainPid(successor.pid);
    this.#log.notice('info', 'handing over to a new process', { pid: successor.pid });
    // Whoever asked by the admin socket gets the answer on a connection that is closed after it.
    void this.#ports.close().then(() => {
      successor.takeOver();
      this.#handedOver();
    });
    return { pid: successor.pid, plan: plan ?? null };
  }

  #createPage({ http, name }: Config): PageServer | undefined {
    if (http === false) return undefined;
    const { hostName, version } = this.#options;
    const facts = { name: name ?? hostName, version, startedAt: this.#startedAt };
    return createPageServer(http, {
      metrics: {
        text: async () => (await this.#metrics.text()) + this.#haproxy.metrics(),
        contentType: this.#metrics.contentType,
      },
      snapshot: () => this.#balancer.snapshot(),
      ready: () => this.#balancer.ready(),
      names: [hostName, ...(name === undefined ? [] : [name])],
      status: () => this.#operator.status(),
      haproxyCsv: () => this.#haproxy.csv(),
      page: http.page ? { history: this.#history, facts } : undefined,
      clock: systemClock,
      observer: this.#log,
    });
  }
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
