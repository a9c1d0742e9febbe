// A TLS handshake over a connected socket, and what became of it: secured, broken off by the server (with or without a
// certificate seen before), or no answer. Verifies nothing itself.

import type { X509Certificate } from 'node:crypto';
import { connect, type SecureContext, type TLSSocket } from 'node:tls';
import type { GiveUpSignal } from './give-up.ts';
import type { ProbeSocket } from './probe.ts';

export interface Secured {
  readonly how: 'secured';
  readonly socket: TLSSocket;
  /** The server took up the session it was offered: it showed no certificate again. */
  readonly resumed: boolean;
  readonly certificate: X509Certificate | undefined;
  /** OpenSSL's name for what is wrong with the chain, by the context's authorities. */
  readonly chainError: string | undefined;
}

export type Handshake =
  | Secured
  | { readonly how: 'broken'; readonly certificate: X509Certificate | undefined; readonly error: Error }
  | { readonly how: 'silent' };

export interface HandshakeOptions {
  readonly context: SecureContext;
  /** The name in SNI; never an address. */
  readonly sni: string | undefined;
  /** A session to take up again. */
  readonly session: Buffer | undefined;
}

/** Where it ends not `secured`, the socket is closed. */
export function shakeHands(raw: ProbeSocket, options: HandshakeOptions, signal: GiveUpSignal): Promise<Handshake> {
  const { context, sni, session } = options;
  const socket = connect({
    socket: raw,
    secureContext: context,
    rejectUnauthorized: false,
    // Ours to judge, in peer-certificate.ts.
    checkServerIdentity: () => undefined,
    ...(sni === undefined ? {} : { servername: sni }),
    ...(session === undefined ? {} : { session }),
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
      const resumed = socket.isSessionReused();
      if (!resumed) certificate ??= socket.getPeerX509Certificate();
      const { authorizationError } = socket;
      const chainError = authorizationError ? String(authorizationError) : undefined;
      settle({ how: 'secured', socket, resumed, certificate, chainError });
    };
    const onError = (error: Error): void => settle({ how: 'broken', certificate, error });
    const onClose = (): void => settle({ how: 'broken', certificate, error: new Error('closed') });
    const onAbort = (): void => settle({ how: 'silent' });
    if (session === undefined) socket.on('keylog', onKeylog);
    socket.once('secureConnect', onSecure);
    socket.once('error', onError);
    socket.once('close', onClose);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
