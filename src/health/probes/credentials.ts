// The certificate files of probes: reads them, makes TLS contexts of them, one for all probes that name the same files,
// and reads them again when they change on disk. The only files read here are the ones the configuration names.

import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { Clock } from '../../core/clock.ts';

export interface CredentialFiles {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

export interface Credentials {
  readonly context: SecureContext;
  /** The same, TLS 1.2 at most. */
  readonly olderContext: SecureContext;
  /** What `ca` holds; undefined: nothing is verified. */
  readonly authorities: readonly X509Certificate[] | undefined;
}

/** Gives the credentials as they are on disk now, or were at most a minute ago. Throws when they can't be read at first. */
export type CredentialStore = (files: CredentialFiles) => Credentials;

/** What is wrong with one of the files, in one line that names it. */
export class CredentialError extends Error {
  readonly key: keyof CredentialFiles;

  constructor(key: keyof CredentialFiles, message: string, cause?: unknown) {
    super(message, { cause });
    this.key = key;
  }
}

const LOOK_AGAIN_MS = 60_000;
const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

export function credentialStore(clock: Clock): CredentialStore {
  const known = new Map<string, { credentials: Credentials; stamp: string; lookedAt: number }>();
  return (files) => {
    const key = JSON.stringify([files.ca, files.cert, files.key]);
    const entry = known.get(key);
    if (entry === undefined) {
      const stamp = stampOf(files);
      const credentials = readCredentials(files);
      known.set(key, { credentials, stamp, lookedAt: clock.now() });
      return credentials;
    }
    if (clock.now() - entry.lookedAt < LOOK_AGAIN_MS) return entry.credentials;
    entry.lookedAt = clock.now();
    try {
      const stamp = stampOf(files);
      if (stamp !== entry.stamp) {
        entry.credentials = readCredentials(files);
        entry.stamp = stamp;
      }
    } catch {
      // Half-written or gone for a moment: what was read before is good until it can be read again.
    }
    return entry.credentials;
  };
}

/** Reads them, or throws a CredentialError. */
export function readCredentials(files: CredentialFiles): Credentials {
  if ((files.cert === undefined) !== (files.key === undefined)) {
    throw files.key === undefined
      ? new CredentialError('cert', 'cert without key')
      : new CredentialError('key', 'key without cert');
  }
  const ca = files.ca === undefined ? undefined : read('ca', files.ca);
  const authorities = ca === undefined ? undefined : parseAuthorities(ca, files.ca ?? '');
  const cert = files.cert === undefined ? undefined : read('cert', files.cert);
  const key = files.key === undefined ? undefined : read('key', files.key);
  try {
    const options: SecureContextOptions = {
      // An empty list instead of the system's roots: nothing is verified without `ca`, and loading them takes long.
      ca: ca ?? [],
      // A probe asks whether a node answers, also one as old as Foreman 1.17 on CentOS 6; it keeps no secrets.
      minVersion: 'TLSv1',
      ciphers: 'DEFAULT@SECLEVEL=0',
      // Only the cheap key exchanges: newer OpenSSLs would compute one that no quantum computer breaks, for each probe.
      ecdhCurve: 'X25519:P-256:P-384:P-521',
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
    };
    const context = createSecureContext(options);
    const olderContext = createSecureContext({ ...options, maxVersion: 'TLSv1.2' });
    return { context, olderContext, authorities };
  } catch (error) {
    const what = error instanceof Error && 'reason' in error ? String(error.reason) : String(error);
    throw new CredentialError('cert', `cert ${files.cert} and key ${files.key} can't be used together: ${what}`, error);
  }
}

function read(what: keyof CredentialFiles, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new CredentialError(what, `${what} ${path} can't be read: ${WORDS[code] ?? code}`, error);
  }
}

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
};

function parseAuthorities(pem: string, path: string): readonly X509Certificate[] {
  const blocks = pem.match(PEM_CERTIFICATE) ?? [];
  if (blocks.length === 0) throw new CredentialError('ca', `ca ${path} holds no PEM certificate`);
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (error) {
    throw new CredentialError('ca', `ca ${path} holds a certificate that can't be parsed`, error);
  }
}

function stampOf(files: CredentialFiles): string {
  const paths = [files.ca, files.cert, files.key].filter((path) => path !== undefined);
  return paths
    .map((path) => {
      const { mtimeMs, size, ino } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: 0, size: 0, ino: 0 };
      return `${mtimeMs}:${size}:${ino}`;
    })
    .join(' ');
}
