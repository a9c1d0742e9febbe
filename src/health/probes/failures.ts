// The failures that all probes share, in one set of words, and the first steps that can fail so.

import { formatHostPort } from '../../core/address.ts';
import { printable } from '../../core/printable.ts';
import { DialError } from '../../errors.ts';
import { HttpFault } from './http-answer.ts';
import type { Network, ProbeBad, ProbeFailure, ProbeRun, ProbeSocket, ProbeTarget } from './probe.ts';

/** Node's words, and ours, for an end without an answer; some of them carry the code of a reset. */
const CLOSED = /^(socket hang up|closed|Client network socket disconnected.*)$/;

/** Connects and sends a PROXY header, where there is one; or says why not as a verdict. */
export async function dial(
  network: Network,
  target: ProbeTarget,
  preamble: Buffer | undefined,
  run: ProbeRun,
): Promise<ProbeSocket | ProbeBad> {
  let socket: ProbeSocket;
  try {
    socket = await network.connect(target, run.signal);
  } catch (error) {
    if (error instanceof DialError) return dialFailed(error);
    throw error;
  }
  // Whoever reads from it hears of its errors by other listeners; between two readers there is this one.
  socket.on('error', () => {});
  if (preamble === undefined) return socket;
  const error = await new Promise<Error | null | undefined>((resolve) => socket.write(preamble, resolve));
  return error ? broken(`PROXY header to ${targetName(target)}`, error) : socket;
}

export function isFailure(value: ProbeSocket | ProbeBad): value is ProbeBad {
  return 'ok' in value;
}

/** Connected, and no answer in time. `question`: what was asked, as `GET /` or `TLS handshake with 192.0.2.11:443`. */
export function noAnswer(question: string, run: ProbeRun): ProbeBad {
  const reason = `${question}: no answer in ${run.timeoutMs / 1000} s`;
  return { ok: false, kind: 'slow', stage: 'answer', code: 'no-answer', reason };
}

/** Connected, and the answer was wrong. */
export function wrong(code: ProbeFailure, question: string, what: string): ProbeBad {
  return { ok: false, kind: 'hard', stage: 'answer', code, reason: `${question}: ${what}` };
}

/** Nothing could be asked: a certificate file that can't be read. */
export function unasked(error: unknown): ProbeBad {
  const reason = error instanceof Error ? error.message : String(error);
  return { ok: false, kind: 'ours', stage: 'answer', code: 'other', reason };
}

/** Connected, and then the connection, TLS or HTTP broke. */
export function broken(question: string, error: Error): ProbeBad {
  const code = 'code' in error ? String(error.code) : '';
  if (code.startsWith('ERR_SSL_')) return wrong('tls', question, tlsWords(error, code));
  if (error instanceof HttpFault) return wrong(error.code, question, error.message);
  if (CLOSED.test(error.message)) return wrong('closed', question, 'closed without an answer');
  if (code === 'ECONNRESET' || code === 'EPIPE') return wrong('reset', question, 'reset by the server');
  return wrong('other', question, printable(error.message, 120));
}

export function targetName(target: ProbeTarget): string {
  return formatHostPort(target.address, target.port);
}

function tlsWords(error: Error, code: string): string {
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return 'the answer is not TLS';
  }
  const reason = 'reason' in error && typeof error.reason === 'string' ? error.reason : code;
  return printable(reason, 120);
}

/** No connection came to stand. */
export function dialFailed(error: DialError): ProbeBad {
  const kind = error.ours ? 'ours' : 'hard';
  return { ok: false, kind, stage: 'connect', code: error.reason, reason: error.message };
}
