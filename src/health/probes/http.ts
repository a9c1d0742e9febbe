// The `http` and `https` probes: one request, and an answer that must be as expected.

import type { HealthConfig } from '../../config/config.ts';
import { formatHostPort } from '../../core/address.ts';
import { checkAnswer } from '../expectation.ts';
import { closeGently } from './close-gently.ts';
import { broken, dialFailed, noAnswer, wrong } from './failures.ts';
import { type Exchange, exchange, exchangeOnLine, requestBytes } from './http-exchange.ts';
import type { Network, Probe, ProbeRun, ProbeTarget, ProbeVerdict } from './probe.ts';
import { type Secure, secure, type TlsOptions } from './tls.ts';

export type HttpOptions = Pick<HealthConfig, 'method' | 'path' | 'headers' | 'expect' | 'servername'>;

export function httpProbe(http: HttpOptions, network: Network, preamble: Buffer | undefined): Probe {
  const request = requests(http, 80);
  return async (target, run) => {
    const opening = preamble === undefined ? request(target) : Buffer.concat([preamble, request(target)]);
    const asked = await exchangeOnLine(network, target, opening, http.method, run);
    return asked.how === 'unconnected' ? dialFailed(asked.error) : verdictOf(http, asked, run);
  };
}

export function httpsProbe(http: HttpOptions, tls: TlsOptions): Probe {
  const request = requests(http, 443);
  const open: Secure = secure(tls);
  return async (target, run) => {
    const secured = await open(target, run);
    if (!secured.ok) return secured;
    const { socket, about } = secured;
    const asked = await exchange(socket, request(target), http.method, run.signal);
    run.answered();
    await closeGently(socket, run.signal, asked.how !== 'answered' || !asked.answer.whole);
    return { ...verdictOf(http, asked, run), ...about };
  };
}

function verdictOf(http: HttpOptions, asked: Exchange, run: ProbeRun): ProbeVerdict {
  const question = `${http.method} ${http.path}`;
  if (asked.how === 'silent') return noAnswer(question, run);
  if (asked.how === 'broken') return broken(question, asked.error);
  const fault = checkAnswer(http.expect, asked.answer);
  return fault === undefined ? { ok: true } : wrong(fault.code, question, fault.what);
}

/** The request's bytes for a target; a probe has one target nearly always. */
function requests(http: HttpOptions, usualPort: number): (target: ProbeTarget) => Buffer {
  const named = Object.keys(http.headers).some((name) => name.toLowerCase() === 'host');
  let known: { readonly host: string; readonly bytes: Buffer } | undefined;
  return (target) => {
    const host = hostOf(http, target, usualPort);
    if (known?.host === host) return known.bytes;
    const bytes = requestBytes({ ...http, headers: named ? http.headers : { host, ...http.headers } });
    known = { host, bytes };
    return bytes;
  };
}

/** The name clients use, so that the node's virtual host for them answers; a port only where it isn't the usual one. */
function hostOf(http: HttpOptions, target: ProbeTarget, usual: number): string {
  const name = http.servername ?? target.address;
  if (target.port !== usual) return formatHostPort(name, target.port);
  return name.includes(':') ? `[${name}]` : name;
}
