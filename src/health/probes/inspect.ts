// A question whose answer somebody wants to read: a probe without expectations that keeps what it saw, the whole HTTP
// answer and the server's certificate. For the doctor, which compares answers; health checks judge theirs at once.

import { formatHostPort, isAddress } from '../../core/address.ts';
import { closeGently } from './close-gently.ts';
import type { Credentials } from './credentials.ts';
import { broken, dial, dialFailed, isFailure, noAnswer, targetName, unasked } from './failures.ts';
import type { HttpAnswer } from './http-answer.ts';
import { type Exchange, exchange, exchangeOnLine, requestBytes } from './http-exchange.ts';
import { type InspectedCertificate, inspectCertificate } from './inspected-certificate.ts';
import type { Network, Probe, ProbeRun, ProbeTarget, ProbeVerdict } from './probe.ts';
import { tcpProbe } from './tcp.ts';
import { shakeHands } from './tls-handshake.ts';

export interface Inquiry {
  readonly transport: 'tcp' | 'tls' | 'http' | 'https';
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** SNI, and the Host of the request. */
  readonly servername: string | undefined;
  /** A PROXY header to send first. */
  readonly preamble: Buffer | undefined;
}

/** What there was to see, whatever the verdict. */
export interface Seen {
  answer: HttpAnswer | undefined;
  certificate: InspectedCertificate | undefined;
}

/** `probe` fills in `seen`; it is for one question to one target. */
export function inspection(
  inquiry: Inquiry,
  network: Network,
  credentials: () => Credentials,
): { readonly probe: Probe; readonly seen: Readonly<Seen> } {
  const seen: Seen = { answer: undefined, certificate: undefined };
  const { transport, preamble } = inquiry;
  const overTls: Probe = (target, run) => askOverTls(inquiry, network, credentials, target, run, seen);
  switch (transport) {
    case 'tcp':
      return { probe: tcpProbe(network, preamble), seen };
    case 'http':
      return { probe: (target, run) => askPlainly(inquiry, network, target, run, seen), seen };
    case 'tls':
    case 'https':
      return { probe: overTls, seen };
    default:
      return transport satisfies never;
  }
}

async function askPlainly(
  inquiry: Inquiry,
  network: Network,
  target: ProbeTarget,
  run: ProbeRun,
  seen: Seen,
): Promise<ProbeVerdict> {
  const request = requestFor(inquiry, target, 80);
  const opening = inquiry.preamble === undefined ? request : Buffer.concat([inquiry.preamble, request]);
  const asked = await exchangeOnLine(network, target, opening, inquiry.method, run);
  return asked.how === 'unconnected' ? dialFailed(asked.error) : keep(asked, inquiry, run, seen);
}

async function askOverTls(
  inquiry: Inquiry,
  network: Network,
  credentials: () => Credentials,
  target: ProbeTarget,
  run: ProbeRun,
  seen: Seen,
): Promise<ProbeVerdict> {
  const { servername, preamble, transport, method } = inquiry;
  const question = `TLS handshake with ${targetName(target)}`;
  let context: Credentials['context'];
  try {
    context = credentials().context;
  } catch (error) {
    return unasked(error);
  }
  const raw = await dial(network, target, preamble, run);
  if (isFailure(raw)) return raw;
  const sni = servername === undefined || isAddress(servername) ? undefined : servername;
  const handshake = await shakeHands(raw, { context, sni, session: undefined }, run.signal);
  if (handshake.how === 'silent') return noAnswer(question, run);
  if (handshake.certificate !== undefined) seen.certificate = inspectCertificate(handshake.certificate);
  if (handshake.how === 'broken') {
    // Who showed its certificate and then wants one of ours has answered, as far as TLS goes.
    const greeted = transport === 'tls' && seen.certificate !== undefined;
    return greeted ? { ok: true } : broken(question, handshake.error);
  }
  const { socket } = handshake;
  if (transport === 'tls') {
    run.answered();
    await closeGently(socket, run.signal);
    return { ok: true };
  }
  const asked = await exchange(socket, requestFor(inquiry, target, 443), method, run.signal);
  run.answered();
  await closeGently(socket, run.signal, asked.how !== 'answered' || !asked.answer.whole);
  return keep(asked, inquiry, run, seen);
}

function keep(asked: Exchange, { method, path }: Inquiry, run: ProbeRun, seen: Seen): ProbeVerdict {
  const question = `${method} ${path}`;
  if (asked.how === 'silent') return noAnswer(question, run);
  if (asked.how === 'broken') return broken(question, asked.error);
  seen.answer = asked.answer;
  return { ok: true };
}

/** To the name that clients use, so that the virtual host for them answers. */
function requestFor({ method, path, headers, servername }: Inquiry, target: ProbeTarget, usualPort: number): Buffer {
  const name = servername ?? target.address;
  const bracketed = name.includes(':') ? `[${name}]` : name;
  const host = target.port === usualPort ? bracketed : formatHostPort(name, target.port);
  const named = Object.keys(headers).some((header) => header.toLowerCase() === 'host');
  return requestBytes({ method, path, headers: named ? headers : { host, ...headers } });
}
