// The `tls` probe, and the first half of `https`: connect, PROXY header, handshake, and what the certificate is worth.

import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { isAddress } from '../../core/address.ts';
import { printable } from '../../core/printable.ts';
import { closeGently } from './close-gently.ts';
import type { Credentials } from './credentials.ts';
import { broken, dial, isFailure, noAnswer, targetName, unasked, wrong } from './failures.ts';
import { faultsOf, isSignedBy, seen } from './peer-certificate.ts';
import type { Network, Probe, ProbeBad, ProbeRun, ProbeTarget, SeenCertificate } from './probe.ts';
import { type Handshake, shakeHands } from './tls-handshake.ts';
import { type Offer, TlsSession } from './tls-session.ts';

export interface TlsOptions {
  readonly network: Network;
  readonly preamble: Buffer | undefined;
  readonly credentials: () => Credentials;
  /** SNI and the name the certificate must carry. */
  readonly servername: string | undefined;
  /** Milliseconds since 1970. */
  readonly wall: () => number;
  /** Milliseconds that only go forward. */
  readonly now: () => number;
}

interface Judged {
  readonly certificate?: SeenCertificate | undefined;
  readonly findings?: readonly string[];
  readonly failure?: ProbeBad;
}

interface Greeted {
  readonly handshake: Handshake;
  readonly judged: Judged;
}

/** Good once the server showed its certificate, also when it then wants one of ours. */
export function tlsProbe(options: TlsOptions): Probe {
  const greet = greeter(options);
  return async (target, run) => {
    const greeted = await greet(target, run);
    if ('ok' in greeted) return greeted;
    run.answered();
    const { handshake } = greeted;
    const { failure, ...about } = greeted.judged;
    if (handshake.how === 'secured') await closeGently(handshake.socket, run.signal);
    if (failure !== undefined) return failure;
    if (handshake.how === 'silent') return { ...noAnswer(question(target), run), ...about };
    if (handshake.how === 'broken' && handshake.certificate === undefined) {
      return broken(question(target), handshake.error);
    }
    return { ok: true, ...about };
  };
}

export type Opened = { readonly ok: true; readonly socket: TLSSocket; readonly about: Judged } | ProbeBad;
export type Secure = (target: ProbeTarget, run: ProbeRun) => Promise<Opened>;

/** Secured connections to ask through, which the asker closes. With `ca` only to a server that proved who it is. */
export function secure(options: TlsOptions): Secure {
  const greet = greeter(options);
  return async (target, run) => {
    const greeted = await greet(target, run);
    if ('ok' in greeted) return greeted;
    const { handshake } = greeted;
    const { failure, ...about } = greeted.judged;
    if (handshake.how === 'silent') return { ...noAnswer(question(target), run), ...about };
    if (handshake.how === 'broken') return { ...(failure ?? brokenOff(target, handshake)), ...about };
    if (failure === undefined) return { ok: true, socket: handshake.socket, about };
    run.answered();
    await closeGently(handshake.socket, run.signal);
    return failure;
  };
}

/** Shakes hands with one server again and again, as cheaply as that server allows. */
function greeter(options: TlsOptions): (target: ProbeTarget, run: ProbeRun) => Promise<Greeted | ProbeBad> {
  const { servername } = options;
  // An address is no name that SNI could carry.
  const sni = servername === undefined || isAddress(servername) ? undefined : servername;
  const memory = new TlsSession<Judged>(options.now);
  return async (target, run) => {
    let credentials: Credentials;
    try {
      credentials = options.credentials();
    } catch (error) {
      return unasked(error);
    }
    const tryOffer = async (offer: Offer<Judged>): Promise<Greeted | ProbeBad> => {
      const raw = await dial(options.network, target, options.preamble, run);
      if (isFailure(raw)) return raw;
      const handshake = await shakeHands(raw, { ...offer, sni }, run.signal);
      if (handshake.how === 'secured' && handshake.resumed && offer.judged !== undefined) {
        return { handshake, judged: offer.judged };
      }
      const judged = judgeCertificate(options, target, handshake);
      if (handshake.how === 'secured' && judged.failure === undefined) memory.begun(credentials, handshake, judged);
      else memory.forget();
      return { handshake, judged };
    };
    const offer = memory.offer(credentials);
    const greeted = await tryOffer(offer);
    if (offer.plain || 'ok' in greeted || greeted.handshake.how !== 'broken') return greeted;
    // What failed may be the shorter way and not the server.
    const plain = { context: credentials.context, session: undefined, judged: undefined, plain: true };
    const again = await tryOffer(plain);
    if (!('ok' in again) && again.handshake.how === 'secured') memory.refused(offer);
    return again;
  };
}

function judgeCertificate(options: TlsOptions, target: ProbeTarget, handshake: Handshake): Judged {
  if (handshake.how === 'silent' || handshake.certificate === undefined) return {};
  const { certificate } = handshake;
  const { authorities } = options.credentials();
  const about = aboutCertificate(options, handshake, certificate, authorities);
  const { findings } = about;
  const [worst] = findings;
  if (authorities === undefined || worst === undefined) return about;
  return { ...about, failure: { ...wrong('certificate', question(target), worst), ...about } };
}

function aboutCertificate(
  options: TlsOptions,
  handshake: Handshake,
  certificate: X509Certificate,
  authorities: readonly X509Certificate[] | undefined,
): { readonly certificate?: SeenCertificate; readonly findings: readonly string[] } {
  try {
    const chain = authorities === undefined ? undefined : chainFault(handshake, certificate, authorities);
    const findings = faultsOf(certificate, { chain, name: options.servername, now: options.wall() });
    return { certificate: seen(certificate), findings };
  } catch (error) {
    // Node decodes parts of it only when they are asked for; what throws then is the certificate's fault.
    return { findings: [`certificate can't be read (${printable(String(error), 80)})`] };
  }
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
