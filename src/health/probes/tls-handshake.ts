// A TLS handshake over a connected socket, and what became of it: secured, broken off by the server (with or without a
// certificate seen before), or no answer. Verifies nothing itself.

import type { X509Certificate } from 'node:crypto';
import { connect, type SecureContext, type TLSSocket } from 'node:tls';
import { isAddress } from '../../core/address.ts';
import type { ProbeSocket } from './probe.ts';

export type Handshake =
  /** `chainError`: OpenSSL's name for what is wrong with the chain, by the context's authorities. */
  | {
      readonly how: 'secured';
      readonly socket: TLSSocket;
      readonly certificate: X509Certificate | undefined;
      readonly chainError: string | undefined;
    }
  | { readonly how: 'broken'; readonly certificate: X509Certificate | undefined; readonly error: Error }
  | { readonly how: 'silent' };

/** Where it ends not `secured`, the socket is closed. */
export function shakeHands(
  raw: ProbeSocket,
  context: SecureContext,
  servername: string | undefined,
  signal: AbortSignal,
): Promise<Handshake> {
  const socket = connect({
    socket: raw,
    secureContext: context,
    rejectUnauthorized: false,
    // Ours to judge, in peer-certificate.ts.
    checkServerIdentity: () => undefined,
    // An address is no name that SNI could carry.
    ...(servername === undefined || isAddress(servername) ? {} : { servername }),
  });
  let certificate: X509Certificate | undefined;
  return new Promise((resolve) => {
    const settle = (result: Handshake): void => {
      socket.off('keylog', onKeylog);
      socket.off('secureConnect', onSecure);
      socket.off('error', onError);
      socket.off('close', onClose);
      signal.removeEventListener('abort', onAbort);
      // What comes after the verdict, an alert that asks for a client certificate for one, changes nothing.
      socket.on('error', () => {});
      if (result.how === 'secured') {
        resolve(result);
        return;
      }
      if (socket.closed) resolve(result);
      else socket.once('close', () => resolve(result)).destroy();
    };
    // Up to TLS 1.2 a server that wants a client certificate breaks the handshake off, and then Node has forgotten what
    // the server showed. Keys are made after its certificate came and before that: the moment to look.
    const onKeylog = (): void => {
      certificate ??= socket.getPeerX509Certificate();
    };
    const onSecure = (): void => {
      certificate ??= socket.getPeerX509Certificate();
      const { authorizationError } = socket;
      const chainError = authorizationError ? String(authorizationError) : undefined;
      settle({ how: 'secured', socket, certificate, chainError });
    };
    const onError = (error: Error): void => settle({ how: 'broken', certificate, error });
    const onClose = (): void => settle({ how: 'broken', certificate, error: new Error('closed') });
    const onAbort = (): void => settle({ how: 'silent' });
    socket.on('keylog', onKeylog);
    socket.once('secureConnect', onSecure);
    socket.once('error', onError);
    socket.once('close', onClose);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
