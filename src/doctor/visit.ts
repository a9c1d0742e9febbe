// One visit of the doctor: asks everything once, compares, reports; nothing of it is open afterwards.

import { networkInterfaces } from 'node:os';
import type { Config } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import type { Network } from '../health/probes/probe.ts';
import type { Lookup } from '../net/lookup.ts';
import { Asker, type ClientCertificate } from './asker.ts';
import { type Report, reportOf } from './report.ts';
import { survey } from './survey.ts';

/** Longer than a health check waits: a slow answer is an answer, too. */
const TIMEOUT_MS = 5000;

export interface VisitOptions {
  readonly config: Config;
  readonly network: Network;
  readonly clock: Clock;
  /** Closed with the visit. */
  readonly lookup: Lookup;
  readonly certificate?: ClientCertificate | undefined;
  /** Leave nodes in `maint` alone. */
  readonly skipMaint?: boolean;
  /** Whether an address is this machine's; default: what its interfaces have. */
  readonly isLocal?: (address: string) => boolean;
  /** The deadline of each question; default 5 s. */
  readonly timeoutMs?: number;
}

export interface Visit {
  /** Never rejects but for a fault of ours; of a visit that was called off it says nothing of use. */
  readonly report: Promise<Report>;
  /** Calls it off; resolves when nothing is open. */
  close(): Promise<void>;
}

export function visit(options: VisitOptions): Visit {
  const { config, network, clock, lookup, certificate, skipMaint = false, timeoutMs = TIMEOUT_MS } = options;
  const { isLocal = thisMachine() } = options;
  const asker = new Asker({ network, clock, timeoutMs });
  const startedAt = clock.now();
  const report = survey({ config, asker, clock, lookup, isLocal, certificate, skipMaint })
    .then((seen) => reportOf(seen, (clock.now() - startedAt) / 1000))
    .finally(() => lookup.close());
  return {
    report,
    async close() {
      lookup.close();
      await asker.close();
      await report.catch(() => {});
    },
  };
}

function thisMachine(): (address: string) => boolean {
  const own = new Set(Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((one) => one.address)));
  return (address) => address.startsWith('127.') || own.has(address);
}
