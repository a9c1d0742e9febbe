// From a health configuration to the probe it describes, and to the key by which those who ask the same thing share one.

import type { HealthConfig } from '../config/config.ts';
import type { CredentialStore } from './probes/credentials.ts';
import { httpProbe, httpsProbe } from './probes/http.ts';
import type { Network, Probe, ProbeTarget } from './probes/probe.ts';
import { tcpProbe } from './probes/tcp.ts';
import { type TlsOptions, tlsProbe } from './probes/tls.ts';

export interface ProbeTools {
  readonly network: Network;
  readonly credentials: CredentialStore;
  /** Milliseconds since 1970, for certificates' dates. */
  readonly wall: () => number;
  /** Milliseconds that only go forward. */
  readonly now: () => number;
}

/** For one target, of which it may remember things. `preamble`: a PROXY header to send first. */
export function createProbe(health: HealthConfig, tools: ProbeTools, preamble: Buffer | undefined): Probe {
  switch (health.type) {
    case 'tcp':
      return tcpProbe(tools.network, preamble);
    case 'tls':
      return tlsProbe(tlsOptions(health, tools, preamble));
    case 'http':
      return httpProbe(health, tools.network, preamble);
    case 'https':
      return httpsProbe(health, tlsOptions(health, tools, preamble));
    default:
      return health.type satisfies never;
  }
}

/** Equal for all who ask the same address the same thing equally often. Rise, fall and `upstream` are each one's own. */
export function questionKey(health: HealthConfig, target: ProbeTarget, preamble: Buffer | undefined): string {
  const { name: _name, port: _port, rise: _rise, fall: _fall, upstream: _upstream, ...question } = health;
  const { address, port, from } = target;
  return JSON.stringify([address, port, from ?? '', preamble?.toString('hex') ?? '', question]);
}

function tlsOptions(health: HealthConfig, tools: ProbeTools, preamble: Buffer | undefined): TlsOptions {
  const { network, credentials, wall, now } = tools;
  return { network, wall, now, preamble, credentials: () => credentials(health), servername: health.servername };
}
