// What a failed connect means, decided in one place from Node's error codes. Makes DialErrors and nothing else; the
// original error stays as their cause.

import { DialError, type DialFailure } from '../errors.ts';

const MEANING: Readonly<Record<string, DialFailure>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENOTFOUND: 'unresolved',
  EAI_AGAIN: 'unresolved',
  ENETUNREACH: 'no-route',
  ENETDOWN: 'no-route',
  EMFILE: 'no-descriptors',
  ENFILE: 'no-descriptors',
  ENOBUFS: 'no-descriptors',
  ENOMEM: 'no-descriptors',
  EADDRNOTAVAIL: 'no-local-port',
  // What the kernel says instead when a source address is set and all its ports are in use.
  EADDRINUSE: 'no-local-port',
};

const WORDS: Readonly<Record<DialFailure, string>> = {
  refused: 'refused',
  reset: 'reset',
  timeout: 'timed out',
  unreachable: 'host unreachable',
  unresolved: 'name not resolved',
  'no-route': 'no route from this host',
  'no-descriptors': 'this process has no free descriptor or memory for it (see LimitNOFILE)',
  'no-local-port':
    'no free local port on this host (see net.ipv4.ip_local_port_range), or a source_address that it does not hold',
  other: 'failed',
};

/** The DialError for what `connect` to `target` (`ip:port`) raised; a DialError comes back as it is. */
export function dialError(error: unknown, target: string): DialError {
  if (error instanceof DialError) return error;
  const code = errorCode(error);
  const reason = (code === undefined ? undefined : MEANING[code]) ?? 'other';
  const words = reason === 'other' && code !== undefined ? `${WORDS.other} (${code})` : WORDS[reason];
  return new DialError(reason, `connect to ${target}: ${words}`, error);
}

/** The DialError for a connect to `target` that our own deadline ended. */
export function dialTimeout(target: string): DialError {
  return new DialError('timeout', `connect to ${target}: ${WORDS.timeout}`);
}

/** An AggregateError (one attempt for each address of a name) is known by its first error that has a code. */
function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('code' in error && typeof error.code === 'string' && error.code in MEANING) return error.code;
  if (error instanceof AggregateError) {
    for (const inner of error.errors) {
      const code = errorCode(inner);
      if (code !== undefined) return code;
    }
  }
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
