// The `tls` probe, and the first half of `https`: connect, PROXY header, handshake, and what the certificate is worth.

import type { X509Certificate } from 'node:crypto';
import type { SecureContext, TLSSocket } from 'node:tls';
import { closeGently } from './close-gently.ts';
import type { Credentials } from './credentials.ts';
import { broken, dial, isFailure, noAnswer, targetName, wrong } from './failures.ts';
import { faultsOf, isSignedBy, seen } from './peer-certificate.ts';
import type { Connect, Probe, ProbeBad, ProbeRun, ProbeTarget, SeenCertificate } from './probe.ts';
import { type Handshake, shakeHands } from './tls-handshake.ts';

export interface TlsOptions {
  readonly connect: Connect;
  readonly preamble: Buffer | undefined;
  readonly credentials: () => Credentials;
  /** SNI and the name the certificate must carry. */
  readonly servername: string | undefined;
  /** Milliseconds since 1970. */
  readonly wall: () => number;
}

interface Judged {
  readonly certificate?: SeenCertificate | undefined;
  readonly findings?: readonly string[];
  readonly failure?: ProbeBad;
}

/** Good once the server showed its certificate, also when it then wants one of ours. */
export function tlsProbe(options: TlsOptions): Probe {
  return async (target, run) => {
    const handshake = await begin(options, target, run);
    if ('ok' in handshake) return handshake;
    run.answered();
    const { failure, ...about } = judgeCertificate(options, target, handshake);
    if (handshake.how === 'secured') await closeGently(handshake.socket, run.signal);
    if (failure !== undefined) return failure;
    if (handshake.how === 'silent') return { ...noAnswer(question(target), run), ...about };
    if (handshake.how === 'broken' && handshake.certificate === undefined) {
      return broken(question(target), handshake.error);
    }
    return { ok: true, ...about };
  };
}

export type Secured = { readonly ok: true; readonly socket: TLSSocket; readonly about: Judged } | ProbeBad;

/** A secured connection to ask through, which the asker closes. With `ca` only to a server that proved who it is. */
export async function secure(options: TlsOptions, target: ProbeTarget, run: ProbeRun): Promise<Secured> {
  const handshake = await begin(options, target, run);
  if ('ok' in handshake) return handshake;
  const { failure, ...about } = judgeCertificate(options, target, handshake);
  if (handshake.how === 'silent') return { ...noAnswer(question(target), run), ...about };
  if (handshake.how === 'broken') return { ...(failure ?? brokenOff(target, handshake)), ...about };
  if (failure === undefined) return { ok: true, socket: handshake.socket, about };
  run.answered();
  await closeGently(handshake.socket, run.signal);
  return failure;
}

async function begin(options: TlsOptions, target: ProbeTarget, run: ProbeRun): Promise<Handshake | ProbeBad> {
  let context: SecureContext;
  try {
    context = options.credentials().context;
  } catch (error) {
    return { ok: false, kind: 'ours', stage: 'answer', code: 'other', reason: (error as Error).message };
  }
  const raw = await dial(options.connect, target, options.preamble, run);
  if (isFailure(raw)) return raw;
  return await shakeHands(raw, context, options.servername, run.signal);
}

function judgeCertificate(options: TlsOptions, target: ProbeTarget, handshake: Handshake): Judged {
  if (handshake.how === 'silent' || handshake.certificate === undefined) return {};
  const { certificate } = handshake;
  const { authorities } = options.credentials();
  const chain = authorities === undefined ? undefined : chainFault(handshake, certificate, authorities);
  const findings = faultsOf(certificate, { chain, name: options.servername, now: options.wall() });
  const about = { certificate: seen(certificate), findings };
  const [worst] = findings;
  if (authorities === undefined || worst === undefined) return about;
  return { ...about, failure: { ...wrong('certificate', question(target), worst), ...about } };
}

function chainFault(
  handshake: Handshake,
  certificate: X509Certificate,
  authorities: readonly X509Certificate[],
): string | undefined {
  const unknown = 'certificate is not signed by the ca of this probe';
  if (handshake.how === 'secured') {
    return handshake.chainError === undefined ? undefined : `${unknown} (${handshake.chainError})`;
  }
  return isSignedBy(certificate, authorities) ? undefined : unknown;
}

/** A server that showed its certificate and then breaks off most likely wants one of ours. */
function brokenOff(target: ProbeTarget, handshake: Handshake & { how: 'broken' }): ProbeBad {
  const failure = broken(question(target), handshake.error);
  if (handshake.certificate === undefined) return failure;
  return { ...failure, reason: `${failure.reason}; if it wants a client certificate, set cert and key` };
}

function question(target: ProbeTarget): string {
  return `TLS handshake with ${targetName(target)}`;
}
