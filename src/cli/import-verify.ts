// `chargehand import FILE --verify SOCKET`: the running HAProxy beside what chargehand would do, before the switch. Every
// backend is asked once by the check that it would have; each client is mapped both ways.

import type { Balancer, ConfiguredNode } from '../balancer/balancer.ts';
import { readAddress } from '../balancer/client-key.ts';
import { haproxyHash, haproxyMap } from '../balancer/haproxy-hash.ts';
import { createBalancer } from '../balancer/strategies.ts';
import type { ServiceConfig } from '../config/config.ts';
import type { Imported, Origin } from '../config/haproxy/import-haproxy.ts';
import { type RunningBackends, type RunningServer, takesSessions } from '../config/haproxy/running.ts';
import { canonicalAddress, formatHostPort, isAddress } from '../core/address.ts';
import type { BackendSpec } from '../core/backend.ts';
import { printable } from '../core/printable.ts';

/** What a backend answered to its check; undefined: it is not asked. */
export type Answer = { readonly ok: true } | { readonly ok: false; readonly reason: string } | undefined;
type Asked = (backend: BackendSpec) => Answer;

/** What the nodes look like from here. */
export interface Seen {
  readonly asked: Asked;
  /** Of a DNS name. */
  readonly addressesOf: (host: string) => readonly string[];
}

export interface Verified {
  readonly lines: readonly string[];
  readonly differences: number;
}

/** Clients named for each service. */
const MOST_NAMED = 10;

export function verify(
  { config, origins, proxies }: Imported,
  running: RunningBackends,
  { asked, addressesOf }: Seen,
  clients: readonly string[],
): Verified {
  const lines: string[] = [];
  let differences = 0;
  const say = (line: string, differs: boolean): void => {
    lines.push(printable(`${differs ? 'differs: ' : 'same: '}${line}`, 400));
    if (differs) differences++;
  };
  for (const origin of origins) {
    const service = config.services.find(({ name }) => name === origin.service);
    if (service === undefined) continue;
    const servers = running.get(origin.backend);
    if (servers === undefined) {
      say(`${origin.service}: the running HAProxy has no backend ${origin.backend}: does it run this file?`, true);
      continue;
    }
    compareAddresses(origin, servers, addressesOf, say);
    compareHealth(origin, service, servers, asked, say);
    compareClients(origin, service, servers, asked, clients, say);
  }
  for (const backend of running.keys()) {
    // Those of HAProxy itself are in angle brackets.
    if (!proxies.has(backend) && !backend.startsWith('<'))
      say(`HAProxy has a backend ${backend} that is not in this file`, true);
  }
  return { lines, differences };
}

type Say = (line: string, differs: boolean) => void;

/** Of every server that both have; nothing is said where HAProxy names no address. */
function compareAddresses(
  { service: name, places, backend }: Origin,
  servers: ReadonlyMap<string, RunningServer>,
  addressesOf: Seen['addressesOf'],
  say: Say,
): void {
  for (const [server, { host, port }] of places) {
    const theirs = servers.get(server)?.address;
    if (theirs === undefined) continue;
    const own = (isAddress(host) ? [host] : addressesOf(host)).map(canonicalAddress);
    const otherHost = own.length > 0 && !own.includes(theirs.host);
    const otherPort = port !== undefined && theirs.port !== port;
    if (!otherHost && !otherPort) continue;
    const [there, here] =
      port === undefined ? [theirs.host, host] : [formatHostPort(theirs.host, theirs.port), formatHostPort(host, port)];
    say(`${name}: HAProxy has ${backend}/${server} at ${there}, this file at ${here}`, true);
  }
}

function compareHealth(
  { service: name, servers: known, backend }: Origin,
  service: ServiceConfig,
  servers: ReadonlyMap<string, RunningServer>,
  asked: Asked,
  say: Say,
): void {
  for (const server of servers.keys()) {
    if (!known.has(server)) say(`${name}: HAProxy has a server ${backend}/${server} that is not in this file`, true);
  }
  for (const [server, node] of known) {
    const theirs = servers.get(server);
    const spec = service.backends.find((one) => one.node === node);
    if (theirs === undefined) {
      say(`${name}: the running HAProxy has no server ${backend}/${server}: does it run this file?`, true);
    } else if (spec === undefined) {
      const left = `${name}: ${server} is left out here, and ${theirs.status} in HAProxy`;
      say(left, takesSessions(theirs));
    } else {
      const here = stateHere(spec, asked(spec));
      const there = `${theirs.status} in HAProxy${whyWithout(theirs)}`;
      say(`${name}: ${node} is ${there}, here ${here.word}`, takesSessions(theirs) !== here.takes);
    }
  }
}

function stateHere({ admin }: BackendSpec, answer: Answer): { readonly takes: boolean; readonly word: string } {
  if (admin !== 'ready') return { takes: false, word: `in state ${admin}` };
  if (answer === undefined) return { takes: true, word: 'not checked' };
  return answer.ok ? { takes: true, word: 'up' } : { takes: false, word: `down: ${answer.reason}` };
}

/** Why it takes no sessions there, where its status doesn't say so. */
function whyWithout(theirs: RunningServer): string {
  if (takesSessions(theirs) || /^(DOWN|MAINT)/.test(theirs.status)) return '';
  return theirs.weight === 0 ? ' (weight 0: no new sessions)' : ' (drained: no new sessions)';
}

function compareClients(
  origin: Origin,
  service: ServiceConfig,
  servers: ReadonlyMap<string, RunningServer>,
  asked: Asked,
  clients: readonly string[],
  say: Say,
): void {
  const { name, balance } = service;
  if (balance.strategy !== 'source') {
    say(`${name}: ${balance.strategy}: no client has a node of its own`, false);
    return;
  }
  if (balance.hash.method !== 'haproxy') {
    say(`${name}: HAProxy's mapping is another one than balance: source has (see the remark): clients move`, true);
    return;
  }
  if (clients.length === 0) return;
  const theirs = theirMapping(origin, servers);
  const ours = ourMapping(service, asked);
  const moved = clients.flatMap((client) => {
    const [there, here] = [theirs(client), ours(client)];
    return there === here ? [] : [`${client} (${there ?? 'nobody'} there, ${here ?? 'nobody'} here)`];
  });
  const count = `${moved.length} of ${clients.length} clients`;
  const named = moved.slice(0, MOST_NAMED).join(', ');
  const more = moved.length > MOST_NAMED ? ', …' : '';
  if (moved.length === 0) say(`${name}: each of ${clients.length} clients has the same node in both`, false);
  else say(`${name}: ${count} have another node here: ${named}${more}`, true);
}

/** By HAProxy's rule over the servers that it sends sessions to now; the first backup where there is no other. */
function theirMapping(
  { servers: known, v4Mapped }: Origin,
  servers: ReadonlyMap<string, RunningServer>,
): (client: string) => string | undefined {
  const usable = [...known.keys()].flatMap((server): (ConfiguredNode & { backup: boolean })[] => {
    const state = servers.get(server);
    if (state === undefined || !takesSessions(state)) return [];
    return [{ node: server, weight: state.weight, backup: state.backup }];
  });
  const active = usable.filter(({ backup }) => !backup);
  const map = haproxyMap(active.length > 0 ? active : usable.slice(0, 1).map((one) => ({ ...one, backup: false })));
  const words = new Int32Array(4);
  return (client) => {
    const count = readAddress(client, words);
    const server = map.length === 0 || count === 0 ? undefined : map[haproxyHash(words, count, v4Mapped) % map.length];
    // A server that was left out here has no node: it is named as HAProxy names it.
    return server === undefined ? undefined : (known.get(server) ?? server);
  };
}

function ourMapping(service: ServiceConfig, asked: Asked): (client: string) => string | undefined {
  const balancer: Balancer = createBalancer(service.balance, service.backends);
  const ready = service.backends.filter(({ admin }) => admin === 'ready');
  const up = ready.filter((backend) => asked(backend)?.ok !== false);
  const usable = up.length === 0 && service.whenAllDown === 'use_all' ? ready : up;
  const primary = usable.filter(({ backup }) => !backup);
  const candidates = (primary.length > 0 ? primary : usable).map(({ node, weight }) => ({ node, weight, active: 0 }));
  return (client) => balancer.pick(candidates, client)?.node;
}
