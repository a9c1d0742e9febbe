// Asks every backend of a configuration once, by the check it would have: what health would be seen after the switch.

import type { Config, ServiceConfig } from '../config/config.ts';
import { isAddress } from '../core/address.ts';
import type { BackendSpec } from '../core/backend.ts';
import { systemClock } from '../core/clock.ts';
import { Checkers } from '../health/checkers.ts';
import { systemLookup } from '../net/lookup.ts';
import { probeNetwork } from '../net/probe-socket.ts';
import { probePreamble } from '../net/proxy-preamble.ts';
import { PLAIN_SOCKETS } from '../net/socket-way.ts';
import type { Answer, Seen } from './import-verify.ts';

/** Few enough that no node notices. */
const AT_ONCE = 12;

export async function probeAll({ services }: Config): Promise<Seen> {
  const checkers = new Checkers({ network: probeNetwork(PLAIN_SOCKETS), clock: systemClock });
  const addresses = namesOnce();
  const answers = new Map<BackendSpec, Answer>();
  const queue = services.flatMap((service) => service.backends.map((backend) => ({ service, backend }))).values();
  const worker = async (): Promise<void> => {
    for (const { service, backend } of queue) {
      answers.set(backend, await probe(service, backend, checkers, addresses.of));
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  } finally {
    addresses.close();
    await checkers.close();
  }
  const known = await addresses.known();
  return { asked: (backend) => answers.get(backend), addressesOf: (host) => known.get(host) ?? [] };
}

async function probe(
  { health, sourceAddress, proxyProtocol }: ServiceConfig,
  { host, port }: BackendSpec,
  checkers: Checkers,
  addressOf: (host: string) => Promise<string | undefined>,
): Promise<Answer> {
  const asked = health === false ? undefined : (health.port ?? port);
  if (health === false || asked === undefined) return undefined;
  const address = await addressOf(host);
  if (address === undefined) return { ok: false, reason: `the name ${host} has no address` };
  const target = { address, port: port ?? asked, from: sourceAddress };
  const result = await checkers.ask(health, target, probePreamble(proxyProtocol.send));
  return result.ok ? { ok: true } : { ok: false, reason: result.reason };
}

interface Names {
  of(host: string): Promise<string | undefined>;
  /** Every address of each name that was asked for. */
  known(): Promise<ReadonlyMap<string, readonly string[]>>;
  close(): void;
}

function namesOnce(): Names {
  const lookup = systemLookup();
  const known = new Map<string, Promise<readonly string[]>>();
  return {
    async of(host) {
      if (isAddress(host)) return host;
      const found =
        known.get(host) ??
        lookup.ask(host).then(
          ({ addresses }) => addresses,
          () => [],
        );
      known.set(host, found);
      return (await found)[0];
    },
    known: async () =>
      new Map(await Promise.all([...known].map(async ([host, found]) => [host, await found] as const))),
    close: () => lookup.close(),
  };
}
