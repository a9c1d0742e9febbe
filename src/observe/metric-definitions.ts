// The table of metrics: name, help, labels, and where each one's values come from at scrape. No state of its own.

import { Counter, Gauge, type Registry } from 'prom-client';
import type { DoctorFinding } from '../core/events.ts';
import type { BackendSnapshot, ServiceSnapshot } from '../core/status.ts';
import type { Tally } from './tally.ts';

/** What its owner tells the metrics. */
export interface MetricFacts {
  readonly version: string;
  readonly nodeVersion: string;
  /** `net` or `native`: the relay in use. */
  readonly relayKind: string;
  /** The soft limit; undefined where it can't be read. */
  readonly openFilesLimit: number | undefined;
  readonly snapshot: () => readonly ServiceSnapshot[];
  readonly logLinesDropped: () => number;
}

/** The counts that events add to. */
export interface Counts {
  readonly sessions: Tally;
  readonly dialFailures: Tally;
  readonly retries: Tally;
  readonly failovers: Tally;
  readonly flips: Tally;
  readonly probeFailures: Tally;
  /** Service → node → seconds of the last probe. */
  readonly probeSeconds: Map<string, Map<string, number>>;
  /** Node → port → when the certificate that a probe saw there expires, in seconds since 1970. */
  readonly certificates: Map<string, Map<number, number>>;
  /** What the doctor found on its last visit. */
  readonly doctor: { findings: readonly DoctorFinding[] };
}

export interface Reload {
  ok: boolean;
  /** Seconds since 1970 of the last one that succeeded. */
  succeededAt: number;
}

/** Where the values come from. */
export interface MetricSources extends MetricFacts {
  readonly counts: Counts;
  readonly reload: Reload;
}

const ADMIN_STATES = ['ready', 'drain', 'maint'] as const;

export function defineMetrics(registry: Registry, from: MetricSources): void {
  const registers = [registry];
  const { counts, snapshot } = from;

  /** A counter whose values stand in a tally; `word` is the label that the tally's third word becomes. */
  function counter(name: string, help: string, tally: Tally, labels: { node: boolean; word?: string }): void {
    const labelNames = ['service', ...(labels.node ? ['node'] : []), ...(labels.word ? [labels.word] : [])];
    new Counter({
      name: `chargehand_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        tally.each((service, node, word, count) => {
          const values: Record<string, string> = { service };
          if (labels.node) values['node'] = node;
          if (labels.word) values[labels.word] = word;
          this.inc(values, count);
        });
      },
    });
  }

  /** A gauge with one value for the whole process; undefined: no series. */
  function gauge(name: string, help: string, value: () => number | undefined): void {
    new Gauge({
      name: `chargehand_${name}`,
      help,
      registers,
      collect() {
        const now = value();
        if (now === undefined) this.remove();
        else this.set(now);
      },
    });
  }

  /** A gauge that is always 1 and carries its facts as labels. */
  function info(name: string, help: string, facts: Readonly<Record<string, string>>): void {
    new Gauge({ name: `chargehand_${name}`, help, labelNames: Object.keys(facts), registers }).set(facts, 1);
  }

  /** A gauge for each service; undefined: no series for this one. */
  function perService(name: string, help: string, value: (service: ServiceSnapshot) => number | undefined): void {
    new Gauge({
      name: `chargehand_${name}`,
      help,
      labelNames: ['service'],
      registers,
      collect() {
        this.reset();
        for (const service of snapshot()) {
          const now = value(service);
          if (now !== undefined) this.set({ service: service.service }, now);
        }
      },
    });
  }

  /** A gauge for each backend; `rest` is what the service has beside its backends, shown with an empty node. */
  function perBackend(
    name: string,
    help: string,
    value: (backend: BackendSnapshot, service: ServiceSnapshot) => number | undefined,
    rest?: (service: ServiceSnapshot) => number,
  ): void {
    new Gauge({
      name: `chargehand_${name}`,
      help,
      labelNames: ['service', 'node'],
      registers,
      collect() {
        this.reset();
        for (const service of snapshot()) {
          if (rest !== undefined) this.set({ service: service.service, node: '' }, rest(service));
          for (const backend of service.backends) {
            const now = value(backend, service);
            if (now !== undefined) this.set({ service: service.service, node: backend.node }, now);
          }
        }
      },
    });
  }

  counter('sessions_total', 'Ended sessions, by how they ended; an empty node: none was tried.', counts.sessions, {
    node: true,
    word: 'end',
  });
  perBackend(
    'sessions_active',
    'Sessions that run now; an empty node: those that hold no backend yet.',
    (backend) => backend.active,
    (service) => service.waiting,
  );
  perService('sessions_limit', 'Sessions a service may have at once (max_sessions).', (service) => service.limit);
  perBackend(
    'queue_sessions',
    'Sessions in the queue; an empty node: those that wait for whichever backend is free first.',
    (backend) => backend.queued,
    (service) => service.queued,
  );
  new Counter({
    name: 'chargehand_bytes_total',
    help: 'Bytes relayed, running sessions included; in: client to backend, out: backend to client.',
    labelNames: ['service', 'node', 'direction'],
    registers,
    collect() {
      this.reset();
      for (const { service, backends } of snapshot()) {
        for (const { node, bytesIn, bytesOut } of backends) {
          this.inc({ service, node, direction: 'in' }, bytesIn);
          this.inc({ service, node, direction: 'out' }, bytesOut);
        }
      }
    },
  });
  counter('dial_failures_total', 'Connect attempts to a backend that failed, by reason.', counts.dialFailures, {
    node: true,
    word: 'reason',
  });
  counter('retries_total', 'Times a session went on to its next candidate.', counts.retries, { node: false });
  counter(
    'handshake_failovers_total',
    'Hellos sent again to another node, because this one did not answer.',
    counts.failovers,
    { node: true },
  );
  perBackend('backend_up', 'Whether the health checks see the backend up (1) or down (0).', (backend) =>
    backend.health === 'up' ? 1 : 0,
  );
  new Gauge({
    name: 'chargehand_backend_admin_state',
    help: 'What the operator wants of the backend: 1 for the state it is in, 0 for the others.',
    labelNames: ['service', 'node', 'state'],
    registers,
    collect() {
      this.reset();
      for (const { service, backends } of snapshot()) {
        for (const { node, admin } of backends) {
          for (const state of ADMIN_STATES) this.set({ service, node, state }, admin === state ? 1 : 0);
        }
      }
    },
  });
  counter('health_flips_total', 'Changes of health, by the state it changed to.', counts.flips, {
    node: true,
    word: 'to',
  });
  counter('probe_failures_total', 'Probes that failed, by reason.', counts.probeFailures, {
    node: true,
    word: 'reason',
  });
  // A gauge, as blackbox_exporter and HAProxy's exporter have it: probes are rare and regular, so the last one says it all.
  perBackend('probe_seconds', 'How long the last probe took.', (backend, { service }) =>
    counts.probeSeconds.get(service)?.get(backend.node),
  );
  new Gauge({
    name: 'chargehand_certificate_expiry_timestamp_seconds',
    help: 'When the certificate that a probe saw expires, in seconds since 1970.',
    labelNames: ['node', 'port'],
    registers,
    collect() {
      this.reset();
      for (const [node, ports] of counts.certificates) {
        for (const [port, expiresAt] of ports) this.set({ node, port }, expiresAt);
      }
    },
  });
  new Gauge({
    name: 'chargehand_doctor_findings',
    help: 'What the doctor found on its last visit, by check and severity; an empty node: no single one.',
    labelNames: ['node', 'check', 'severity'],
    registers,
    collect() {
      this.reset();
      for (const { node, check, severity } of counts.doctor.findings) this.inc({ node: node ?? '', check, severity });
    },
  });
  perService('service_failing_open', '1: all ready backends are down and are tried anyway.', (service) =>
    service.failingOpen ? 1 : 0,
  );
  perService('pinned_up', 'Whether the only node of a pinned service is up.', ({ pinned }) =>
    pinned === undefined ? undefined : Number(pinned.up),
  );
  gauge('config_last_reload_successful', 'Whether the last reload (or the start) took the file over.', () =>
    Number(from.reload.ok),
  );
  gauge(
    'config_last_reload_success_timestamp_seconds',
    'When the file was last taken over, in seconds since 1970.',
    () => from.reload.succeededAt,
  );
  new Counter({
    name: 'chargehand_log_lines_dropped_total',
    help: 'Log lines dropped because stdout was not read fast enough.',
    registers,
    collect() {
      this.reset();
      this.inc(from.logLinesDropped());
    },
  });
  gauge('open_fds_limit', 'Descriptors the process may have open (soft limit).', () => from.openFilesLimit);
  info('relay_info', 'The relay in use.', { kind: from.relayKind });
  info('build_info', 'What runs.', { version: from.version, node_version: from.nodeVersion });
}
