// What can happen, as one typed interface. Core, net and health report here; observe/ listens. Nobody in between knows
// who listens.

import type { DialError } from '../errors.ts';
import type { AdminState } from './backend.ts';
import type { Health } from './health.ts';
import type { SessionRecord } from './session-record.ts';

export interface HealthFlip {
  readonly service: string;
  readonly node: string;
  readonly to: Health;
  /** In words: `connect to 192.0.2.11:443: refused`. */
  readonly reason: string;
}

/** What the doctor found, as far as it is counted. */
export interface DoctorFinding {
  /** Out of a closed list. */
  readonly check: string;
  readonly severity: 'error' | 'warning';
  /** null: no single node. */
  readonly node: string | null;
}

/** Every method is optional for a listener; each is called synchronously and must not throw. */
export interface Observer {
  sessionStarted?(session: string, service: string, client: string): void;
  sessionEnded?(record: SessionRecord): void;
  /** A dial of a session failed; the session may go on with the next candidate. */
  dialFailed?(service: string, node: string, error: DialError): void;
  /** A session goes on from `node` to its next candidate; `again`: to the same one, since it has no other. */
  retried?(service: string, node: string, again: boolean): void;
  /** A hello was sent again to another node after `node` did not answer it. */
  handshakeFailedOver?(service: string, node: string): void;
  healthFlipped?(flip: HealthFlip): void;
  /** It is slow enough to go down, but too few others of its service are up; or it is well again. */
  healthSpared?(service: string, node: string, spared: boolean, reason: string): void;
  probed?(service: string, node: string, seconds: number, failure: string | undefined): void;
  /** A probe saw a server certificate; `expiresAt` in seconds since 1970, undefined: a service asks for it no more. */
  certificateSeen?(node: string, port: number, expiresAt: number | undefined): void;
  /** What a probe found worth telling without it being a failure; told when it changes, empty: nothing any more. */
  probeFindings?(service: string, node: string, findings: readonly string[]): void;
  /** `reason`, in words: who wanted it. */
  adminChanged?(service: string, node: string, state: AdminState, reason: string): void;
  /** All ready backends of a service are down and it tries them anyway (or that is over). */
  failingOpen?(service: string, failing: boolean): void;
  /** The only node of a `pinned` service went down or came back. */
  pinnedChanged?(service: string, node: string, up: boolean, reason: string): void;
  /** A node's name got another address, or could not be resolved (`address` undefined). */
  resolved?(node: string, host: string, address: string | undefined, reason: string): void;
  /** All that the doctor found on its last visit; empty: nothing, or it doesn't visit any more. */
  doctorFound?(findings: readonly DoctorFinding[]): void;
  /** Anything else an administrator should read. */
  notice?(level: 'info' | 'warn' | 'error', message: string, details?: Readonly<Record<string, unknown>>): void;
}

/** One observer that passes everything on to several. */
export function fanOut(observers: readonly Observer[]): Required<Observer> {
  return {
    sessionStarted: (...a) => {
      for (const o of observers) o.sessionStarted?.(...a);
    },
    sessionEnded: (...a) => {
      for (const o of observers) o.sessionEnded?.(...a);
    },
    dialFailed: (...a) => {
      for (const o of observers) o.dialFailed?.(...a);
    },
    retried: (...a) => {
      for (const o of observers) o.retried?.(...a);
    },
    handshakeFailedOver: (...a) => {
      for (const o of observers) o.handshakeFailedOver?.(...a);
    },
    healthFlipped: (...a) => {
      for (const o of observers) o.healthFlipped?.(...a);
    },
    healthSpared: (...a) => {
      for (const o of observers) o.healthSpared?.(...a);
    },
    probed: (...a) => {
      for (const o of observers) o.probed?.(...a);
    },
    certificateSeen: (...a) => {
      for (const o of observers) o.certificateSeen?.(...a);
    },
    probeFindings: (...a) => {
      for (const o of observers) o.probeFindings?.(...a);
    },
    adminChanged: (...a) => {
      for (const o of observers) o.adminChanged?.(...a);
    },
    failingOpen: (...a) => {
      for (const o of observers) o.failingOpen?.(...a);
    },
    pinnedChanged: (...a) => {
      for (const o of observers) o.pinnedChanged?.(...a);
    },
    resolved: (...a) => {
      for (const o of observers) o.resolved?.(...a);
    },
    doctorFound: (...a) => {
      for (const o of observers) o.doctorFound?.(...a);
    },
    notice: (...a) => {
      for (const o of observers) o.notice?.(...a);
    },
  };
}
