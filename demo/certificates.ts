// Certificates made on the spot: an authority of our own and what it signs, as PEM texts in memory. For the demo and the
// tests only; writes no files and keeps nothing.

import './reflect-metadata.ts';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** A certificate and its private key, both PEM. */
export interface Identity {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateRequest {
  /** The subject's common name, and nothing else of a subject. */
  readonly commonName: string;
  /** DNS names it is good for; none: it has no alternative names of this kind. */
  readonly names?: readonly string[];
  /** IP addresses it is good for. */
  readonly addresses?: readonly string[];
  /** What it may be used for; left out: `server`. `signing`: as a server by its purpose, but its key may only sign certificates. */
  readonly usage?: 'server' | 'client' | 'signing';
  /** Left out: an hour before now and before `notAfter`, so that a clock that is a little behind accepts it. */
  readonly notBefore?: Date;
  /** Left out: in 30 days. In the past: an expired certificate. */
  readonly notAfter?: Date;
}

export interface Authority {
  /** Its own certificate, PEM: what clients trust. */
  readonly certificate: string;
  issue(request: CertificateRequest): Promise<Identity>;
  /** An authority that this one vouches for; what it issues brings its certificate along. */
  subordinate(name: string, notAfter?: Date): Promise<Authority>;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A new authority with a key of its own: two calls with the same name do not trust each other. */
export async function makeAuthority(name = 'chargehand demo CA'): Promise<Authority> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [name] }],
    keys,
    signingAlgorithm: ALGORITHM,
    notBefore: new Date(Date.now() - 3 * DAY_MS),
    notAfter: new Date(Date.now() + 30 * DAY_MS),
    extensions: await authorityExtensions(keys),
  });
  return authorityOf(certificate, keys, '');
}

/** `chain`: what servers must send with their own certificate. */
function authorityOf(certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair, chain: string): Authority {
  return {
    certificate: certificate.toString('pem'),
    async issue(request) {
      const identity = await issue(request, certificate, keys);
      return { ...identity, certificate: `${identity.certificate}\n${chain}` };
    },
    async subordinate(name, notAfter = new Date(Date.now() + 30 * DAY_MS)) {
      const own = await generateKeys();
      const subordinate = await x509.X509CertificateGenerator.create({
        subject: [{ CN: [name] }],
        issuer: certificate.subject,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: ALGORITHM,
        notBefore: new Date(Date.now() - 3 * DAY_MS),
        notAfter,
        extensions: await authorityExtensions(own),
      });
      return authorityOf(subordinate, own, `${subordinate.toString('pem')}\n${chain}`);
    },
  };
}

async function authorityExtensions(keys: webcrypto.CryptoKeyPair): Promise<x509.Extension[]> {
  return [
    new x509.BasicConstraintsExtension(true, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
  ];
}

async function issue(
  request: CertificateRequest,
  issuer: x509.X509Certificate,
  issuerKeys: webcrypto.CryptoKeyPair,
): Promise<Identity> {
  const keys = await generateKeys();
  const purpose = request.usage === 'client' ? x509.ExtendedKeyUsage.clientAuth : x509.ExtendedKeyUsage.serverAuth;
  const notAfter = request.notAfter ?? new Date(Date.now() + 30 * DAY_MS);
  const names: x509.JsonGeneralNames = [
    ...(request.names ?? []).map((value) => ({ type: 'dns', value }) as const),
    ...(request.addresses ?? []).map((value) => ({ type: 'ip', value }) as const),
  ];
  const certificate = await x509.X509CertificateGenerator.create({
    subject: [{ CN: [request.commonName] }],
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey: issuerKeys.privateKey,
    signingAlgorithm: ALGORITHM,
    notBefore: request.notBefore ?? new Date(Math.min(Date.now(), notAfter.getTime()) - HOUR_MS),
    notAfter,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(
        request.usage === 'signing' ? x509.KeyUsageFlags.keyCertSign : x509.KeyUsageFlags.digitalSignature,
        true,
      ),
      new x509.ExtendedKeyUsageExtension([purpose]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ],
  });
  return { certificate: certificate.toString('pem'), key: await privateKeyPem(keys.privateKey) };
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), x509.PemConverter.PrivateKeyTag);
}
