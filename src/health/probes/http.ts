// The `http` and `https` probes: one request, and an answer that must be as expected.

import type { Duplex } from 'node:stream';
import type { HealthConfig } from '../../config/config.ts';
import { formatHostPort } from '../../core/address.ts';
import { checkAnswer } from '../expectation.ts';
import { closeGently } from './close-gently.ts';
import { broken, dial, isFailure, noAnswer, wrong } from './failures.ts';
import { exchange } from './http-exchange.ts';
import type { Connect, Probe, ProbeRun, ProbeTarget, ProbeVerdict } from './probe.ts';
import { secure, type TlsOptions } from './tls.ts';

export type HttpOptions = Pick<HealthConfig, 'method' | 'path' | 'headers' | 'expect' | 'servername'>;

export function httpProbe(http: HttpOptions, connect: Connect, preamble: Buffer | undefined): Probe {
  return async (target, run) => {
    const socket = await dial(connect, target, preamble, run);
    if (isFailure(socket)) return socket;
    return await askThrough(socket, http, hostOf(http, target, 80), run);
  };
}

export function httpsProbe(http: HttpOptions, tls: TlsOptions): Probe {
  return async (target, run) => {
    const secured = await secure(tls, target, run);
    if (!secured.ok) return secured;
    const verdict = await askThrough(secured.socket, http, hostOf(http, target, 443), run);
    return { ...verdict, ...secured.about };
  };
}

async function askThrough(socket: Duplex, http: HttpOptions, host: string, run: ProbeRun): Promise<ProbeVerdict> {
  const named = Object.keys(http.headers).some((name) => name.toLowerCase() === 'host');
  const headers = named ? http.headers : { host, ...http.headers };
  const question = `${http.method} ${http.path}`;
  const answer = await exchange(socket, { method: http.method, path: http.path, headers }, run.signal);
  run.answered();
  await closeGently(socket, run.signal, answer.how !== 'answered' || !answer.whole);
  if (answer.how === 'silent') return noAnswer(question, run);
  if (answer.how === 'broken') return broken(question, answer.error);
  const fault = checkAnswer(http.expect, answer);
  return fault === undefined ? { ok: true } : wrong(fault.code, question, fault.what);
}

/** The name clients use, so that the node's virtual host for them answers; a port only where it isn't the usual one. */
function hostOf(http: HttpOptions, target: ProbeTarget, usual: number): string {
  const name = http.servername ?? target.address;
  if (target.port !== usual) return formatHostPort(name, target.port);
  return name.includes(':') ? `[${name}]` : name;
}
