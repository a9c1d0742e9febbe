// The metrics: what happened, as numbers, in Prometheus's text format. Events add to plain counts (tally.ts); what stands
// (sessions running, bytes, health) is read from a snapshot when somebody scrapes. Labels come only out of the file and
// closed lists.

import { Registry } from 'prom-client';
import type { Clock } from '../core/clock.ts';
import type { DoctorFinding, HealthFlip, Observer } from '../core/events.ts';
import type { End, SessionRecord } from '../core/session-record.ts';
import type { ServiceSnapshot } from '../core/status.ts';
import type { DialError } from '../errors.ts';
import { type Counts, defineMetrics, type MetricFacts, type Reload } from './metric-definitions.ts';
import { oneOfEachName } from './one-of-each-name.ts';
import { processMetrics } from './process-metrics.ts';
import { ServiceHistogram } from './service-histogram.ts';
import { Tally } from './tally.ts';

export interface MetricsOptions extends MetricFacts {
  readonly clock: Clock;
  /** Node's own process metrics as well; default true. */
  readonly processMetrics?: boolean;
}

/** Sessions that never were let in: their length would only blur the histogram. */
const TURNED_AWAY: ReadonlySet<End> = new Set(['refused', 'denied', 'bad-proxy-header']);

/** The ends that are shown from the start, as 0. */
const FIRST_WITHOUT_NODE: readonly End[] = ['no-backend', 'refused'];
const FIRST_OF_NODE: readonly End[] = ['completed', 'dial-failed', 'dial-timeout'];

/** What a probe's failure must look like to become a label, and how many different ones a backend may have. */
const REASON = /^[a-z][a-z0-9-]{0,31}$/;
const MAX_REASONS = 20;

/** After a piece of output this long, the relay gets a turn. */
const LONG_TEXT = 64 * 1024;

export function createMetrics(options: MetricsOptions): Metrics {
  return new Metrics(options);
}

export class Metrics implements Observer {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  readonly #options: MetricsOptions;
  readonly #registries: readonly Registry[];
  readonly #counts: Counts = {
    sessions: new Tally(),
    dialFailures: new Tally(),
    retries: new Tally(),
    failovers: new Tally(),
    flips: new Tally(),
    probeFailures: new Tally(),
    probeSeconds: new Map(),
    certificates: new Map(),
    doctor: { findings: [] },
  };
  readonly #dialSeconds: ServiceHistogram;
  readonly #firstByteSeconds: ServiceHistogram;
  readonly #sessionSeconds: ServiceHistogram;
  readonly #reload: Reload;
  #snapshot: readonly ServiceSnapshot[] = [];

  constructor(options: MetricsOptions) {
    this.#options = options;
    this.#reload = { ok: true, succeededAt: options.clock.wall() / 1000 };
    const own = new Registry();
    defineMetrics(own, {
      ...options,
      snapshot: () => this.#snapshot,
      counts: this.#counts,
      reload: this.#reload,
    });
    this.#dialSeconds = new ServiceHistogram(
      own,
      'chargehand_dial_seconds',
      'Time a session spent dialling backends, retries and failures included.',
      [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
    );
    this.#firstByteSeconds = new ServiceHistogram(
      own,
      'chargehand_first_byte_seconds',
      "Time from accepting a session to its backend's first byte.",
      [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    );
    this.#sessionSeconds = new ServiceHistogram(
      own,
      'chargehand_session_duration_seconds',
      'Length of ended sessions; those turned away at once are left out.',
      [0.01, 0.05, 0.25, 1, 5, 15, 60, 300, 900, 3600, 14400, 43200],
    );
    this.#registries = options.processMetrics === false ? [own] : [own, processMetrics()];
  }

  sessionEnded(record: SessionRecord): void {
    const { service } = record;
    this.#counts.sessions.add(service, record.node ?? '', record.end);
    if (record.dialMs >= 0) this.#dialSeconds.add(service, record.dialMs / 1000);
    if (record.firstByteMs >= 0) this.#firstByteSeconds.add(service, record.firstByteMs / 1000);
    if (!TURNED_AWAY.has(record.end)) this.#sessionSeconds.add(service, record.durationMs / 1000);
  }

  dialFailed(service: string, node: string, error: DialError): void {
    this.#counts.dialFailures.add(service, node, error.reason);
  }

  retried(service: string): void {
    this.#counts.retries.add(service, '', '');
  }

  handshakeFailedOver(service: string, node: string): void {
    this.#counts.failovers.add(service, node, '');
  }

  healthFlipped(flip: HealthFlip): void {
    this.#counts.flips.add(flip.service, flip.node, flip.to);
  }

  probed(service: string, node: string, seconds: number, failure: string | undefined): void {
    let nodes = this.#counts.probeSeconds.get(service);
    if (nodes === undefined) {
      nodes = new Map();
      this.#counts.probeSeconds.set(service, nodes);
    }
    nodes.set(node, seconds);
    if (failure === undefined) return;
    const failures = this.#counts.probeFailures;
    const known = failures.words(service, node);
    const allowed = known.has(failure) || (REASON.test(failure) && known.size < MAX_REASONS);
    failures.add(service, node, allowed ? failure : 'other');
  }

  certificateSeen(node: string, port: number, expiresAt: number | undefined): void {
    const ports = this.#counts.certificates.get(node) ?? new Map<number, number>();
    if (expiresAt === undefined) ports.delete(port);
    else this.#counts.certificates.set(node, ports.set(port, expiresAt));
  }

  doctorFound(findings: readonly DoctorFinding[]): void {
    this.#counts.doctor.findings = findings;
  }

  /** How a reload went. The start counts as one that succeeded. */
  reloaded(ok: boolean): void {
    this.#reload.ok = ok;
    if (ok) this.#reload.succeededAt = this.#options.clock.wall() / 1000;
  }

  /** Drops the series of services and nodes that are gone. Each scrape does it as well. */
  reconcile(): void {
    const snapshot = oneOfEachName(this.#options.snapshot());
    this.#snapshot = snapshot;
    const { probeSeconds, certificates, doctor, ...tallies } = this.#counts;
    for (const tally of Object.values(tallies)) tally.keepOnly(snapshot);
    const services = new Set(snapshot.map((service) => service.service));
    for (const histogram of [this.#dialSeconds, this.#firstByteSeconds, this.#sessionSeconds]) {
      histogram.keepOnly(services);
    }
    for (const service of probeSeconds.keys()) if (!services.has(service)) probeSeconds.delete(service);
    for (const { service, backends } of snapshot) {
      const nodes = new Set(backends.map((backend) => backend.node));
      const seconds = probeSeconds.get(service);
      for (const node of seconds?.keys() ?? []) if (!nodes.has(node)) seconds?.delete(node);
    }
    const nodes = new Set(snapshot.flatMap((service) => service.backends.map((backend) => backend.node)));
    for (const node of certificates.keys()) if (!nodes.has(node)) certificates.delete(node);
    doctor.findings = doctor.findings.filter(({ node }) => node === null || nodes.has(node));
    this.#startAtZero();
  }

  /** All metrics as text. Long texts (hundreds of backends) are made in pieces, with a turn for the relay in between. */
  async text(): Promise<string> {
    this.reconcile();
    const pieces: string[] = [];
    for (const registry of this.#registries) {
      for (const metric of registry.getMetricsAsArray()) {
        const piece = await registry.getSingleMetricAsString(metric.name);
        pieces.push(piece);
        if (piece.length > LONG_TEXT) await this.#turn();
      }
    }
    return `${pieces.join('\n')}\n`;
  }

  // A counter that is born at 1 shows no increase: those that alerts watch most exist before their first event. (All
  // ends of all nodes would be twenty times the text.)
  #startAtZero(): void {
    const { sessions, retries, failovers, flips } = this.#counts;
    for (const { service, backends } of this.#snapshot) {
      retries.add(service, '', '', 0);
      for (const end of FIRST_WITHOUT_NODE) sessions.add(service, '', end, 0);
      for (const { node } of backends) {
        for (const end of FIRST_OF_NODE) sessions.add(service, node, end, 0);
        failovers.add(service, node, '', 0);
        flips.add(service, node, 'up', 0);
        flips.add(service, node, 'down', 0);
      }
    }
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#options.clock.after(0, resolve);
    });
  }
}
