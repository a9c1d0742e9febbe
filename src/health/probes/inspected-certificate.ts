// A server's certificate for somebody who wants to know all about it: whose it is, until when, for what, and whether
// clients will take it. Texts are printable and bounded. Judges nothing by itself; answers questions.

import { X509Certificate } from 'node:crypto';
import { isAddress } from '../../core/address.ts';
import { printable } from '../../core/printable.ts';
import { usageFault } from './key-usage.ts';
import { isSignedBy } from './peer-certificate.ts';

export interface InspectedCertificate {
  /** SHA-256, as text. */
  readonly fingerprint: string;
  /** Its subject's common name; empty: none. */
  readonly subject: string;
  readonly issuer: string;
  /** Its alternative names, the first twenty. */
  readonly names: readonly string[];
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Why it can't be a server's; undefined: it can. */
  readonly usageFault: string | undefined;
  /** Whether an alternative name of it is `name`. The common name doesn't count: clients of today don't look at it. */
  carries(name: string): boolean;
  /** Why a client that trusts these authorities (PEM texts) would not follow the chain; undefined: it would. */
  chainFault(authorities: readonly string[], now: number): string | undefined;
}

const MAX_NAMES = 20;
const MAX_CHAIN = 8;
const MAX_AUTHORITIES = 100;
const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

export function inspectCertificate(certificate: X509Certificate): InspectedCertificate {
  return {
    fingerprint: certificate.fingerprint256,
    subject: commonName(certificate.subject),
    issuer: commonName(certificate.issuer),
    names: namesOf(certificate),
    notBefore: Date.parse(certificate.validFrom),
    notAfter: Date.parse(certificate.validTo),
    usageFault: usageFault(certificate),
    carries: (name) =>
      (isAddress(name) ? certificate.checkIP(name) : certificate.checkHost(name, { subject: 'never' })) !== undefined,
    chainFault: (authorities, now) => chainFault(certificate, authorities.flatMap(parseCertificates), now),
  };
}

/** The certificates of a PEM text; what can't be parsed is left out. */
export function parseCertificates(pem: string): X509Certificate[] {
  return (pem.match(PEM_CERTIFICATE) ?? []).slice(0, MAX_AUTHORITIES).flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return [];
    }
  });
}

function chainFault(
  certificate: X509Certificate,
  authorities: readonly X509Certificate[],
  now: number,
): string | undefined {
  if (!isSignedBy(certificate, authorities)) {
    return `it is signed by ${commonName(certificate.issuer) || 'a CA without a name'}, which leads to no CA that clients trust`;
  }
  // The leaf's own dates are looked at elsewhere.
  let link = certificate.issuerCertificate;
  for (let length = 0; link !== undefined && length < MAX_CHAIN; length++) {
    if (Date.parse(link.validTo) < now) {
      return `the CA certificate ${commonName(link.subject)} in its chain expired on ${link.validTo.slice(0, 40)}`;
    }
    if (link.issuerCertificate?.fingerprint256 === link.fingerprint256) break;
    link = link.issuerCertificate;
  }
  return undefined;
}

function namesOf(certificate: X509Certificate): string[] {
  const text = certificate.subjectAltName ?? '';
  const names = text.split(', ').map((name) => name.replace(/^(DNS|IP Address):/, ''));
  return names
    .filter((name) => name !== '')
    .slice(0, MAX_NAMES)
    .map((name) => printable(name, 100));
}

function commonName(name: string | undefined): string {
  return printable(/^CN=(.*)$/m.exec(name ?? '')?.[1] ?? '', 100);
}
