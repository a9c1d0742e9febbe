// What a server's certificate says and what is wrong with it. Decides nothing: with `ca` its faults fail a probe, without
// they are findings.

import type { X509Certificate } from 'node:crypto';
import { isAddress } from '../../core/address.ts';
import { printable } from '../../core/printable.ts';
import type { SeenCertificate } from './probe.ts';

/** Longer chains than this are nobody's. */
const MAX_CHAIN = 8;

export function seen(certificate: X509Certificate): SeenCertificate {
  const name = /^CN=(.*)$/m.exec(certificate.subject ?? '')?.[1] ?? certificate.subjectAltName ?? '';
  const expiresAt = Date.parse(certificate.validTo) / 1000;
  return { name: printable(name), expiresAt: Number.isFinite(expiresAt) ? expiresAt : undefined };
}

/** In words, the worst first; `now` in milliseconds since 1970. */
export function faultsOf(
  certificate: X509Certificate,
  options: { readonly chain: string | undefined; readonly name: string | undefined; readonly now: number },
): readonly string[] {
  const faults: string[] = [];
  const { chain, name, now } = options;
  if (![certificate.validFrom, certificate.validTo].every((text) => Number.isFinite(Date.parse(text)))) {
    faults.push("certificate has dates that can't be read");
  } else if (Date.parse(certificate.validTo) < now) faults.push(`certificate expired on ${day(certificate.validTo)}`);
  else if (Date.parse(certificate.validFrom) > now) {
    faults.push(`certificate is not valid before ${day(certificate.validFrom)}`);
  } else if (chain !== undefined) faults.push(chain);
  if (name !== undefined && !isFor(certificate, name)) {
    const names = certificate.subjectAltName ?? certificate.subject ?? '';
    faults.push(`certificate is for ${printable(names, 80)}, not ${name}`);
  }
  return faults;
}

/**
 * Whether it was signed by one of the authorities, over what the server sent with it. For handshakes that the server
 * broke off, for which OpenSSL gives no verdict: signatures, issuers and CA flags, no policies.
 */
export function isSignedBy(certificate: X509Certificate, authorities: readonly X509Certificate[]): boolean {
  let current = certificate;
  for (let length = 0; length < MAX_CHAIN; length++) {
    const link = current;
    if (authorities.some((authority) => issued(authority, link))) return true;
    const issuer = link.issuerCertificate;
    if (issuer === undefined || !issuer.ca || !issued(issuer, link)) return false;
    if (issuer.fingerprint256 === link.fingerprint256) return false;
    current = issuer;
  }
  return false;
}

function issued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  if (issuer.fingerprint256 === certificate.fingerprint256) return true;
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function isFor(certificate: X509Certificate, name: string): boolean {
  try {
    return (isAddress(name) ? certificate.checkIP(name) : certificate.checkHost(name)) !== undefined;
  } catch {
    // Names of a kind that OpenSSL can't read are nobody's.
    return false;
  }
}

function day(text: string): string {
  return new Date(text).toISOString().slice(0, 10);
}
