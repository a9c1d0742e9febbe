// From the servers of all services to nodes: the machines, each once, with what HAProxy says of them in every place. A
// machine that has another share in some service is a second node there, so that no share is changed.

import { canonicalAddress } from '../../core/address.ts';
import type { RawNode, RawService } from '../raw.ts';
import { laterBackups } from './backups.ts';
import { nodeNames, unique } from './node-names.ts';
import type { Remarks } from './remarks.ts';
import type { Server } from './server.ts';
import type { ImportedService } from './services.ts';

/** A service as far as its nodes go. */
export interface Placed {
  readonly imported: ImportedService;
  readonly nodes: readonly string[];
  /** The port on the nodes; undefined: the one that the client dialled. */
  readonly port: number | undefined;
  /** The node of each server that was carried over. */
  readonly ofServer: ReadonlyMap<Server, string>;
}

export interface Nodes {
  readonly nodes: ReadonlyMap<string, RawNode>;
  readonly placed: readonly Placed[];
}

/** One server as it is written: which machine, what share. */
interface Use {
  readonly service: ImportedService;
  readonly server: Server;
  readonly machine: string;
  weight: number;
  readonly state: 'ready' | 'drain' | 'maint';
}

export function nodesOf(services: readonly ImportedService[], remarks: Remarks): Nodes {
  const twins = hostsTwiceInOne(services);
  const every = services.flatMap((service) => usesOf(service, twins, laterBackups(service.pair, remarks)));
  const uses = withoutIdle(every, remarks);
  evenWeights(uses);
  const ofMachine = grouped(uses, ({ machine }) => machine);
  const machines = [...ofMachine.keys()];
  const names = nodeNames(
    machines.map((machine) => {
      const own = ofMachine.get(machine) ?? [];
      return { host: own[0]?.server.host ?? '', servers: own.map(({ server }) => server.name) };
    }),
  );
  const named = new Map<Use, string>();
  const nodes = new Map<string, RawNode & { ports?: Record<string, number> }>();
  const taken = new Set(names);
  for (const [i, machine] of machines.entries()) {
    nameVariants(names[i] ?? '', ofMachine.get(machine) ?? [], { named, nodes, taken }, remarks);
  }
  const ofService = grouped(uses, ({ service }) => service);
  const placed = services.flatMap((service) => place(service, ofService.get(service) ?? [], named, nodes, remarks));
  const serving = new Set(placed.flatMap((one) => one.nodes));
  return { nodes: new Map([...nodes].filter(([name]) => serving.has(name))), placed };
}

/** Machines that one service has several servers on are told apart by the names of these. */
function hostsTwiceInOne(services: readonly ImportedService[]): ReadonlySet<string> {
  const twins = new Set<string>();
  for (const { pair } of services) {
    const seen = new Set<string>();
    for (const { host } of pair.servers) {
      const key = hostKey(host);
      if (seen.has(key)) twins.add(key);
      seen.add(key);
    }
  }
  return twins;
}

function hostKey(host: string): string {
  return canonicalAddress(host).toLowerCase();
}

function usesOf(service: ImportedService, twins: ReadonlySet<string>, without: ReadonlySet<Server>): Use[] {
  const seen = new Map<string, number>();
  const used = service.pair.servers.filter((server) => !without.has(server));
  return used.map((server) => {
    const key = hostKey(server.host);
    const told = twins.has(key) ? `${key} ${server.name}` : key;
    const times = seen.get(told) ?? 0;
    seen.set(told, times + 1);
    return {
      service,
      server,
      machine: times === 0 ? told : `${told} ${times}`,
      weight: Math.max(1, server.weight),
      state: server.disabled ? 'maint' : server.weight === 0 ? 'drain' : 'ready',
    };
  });
}

/**
 * A server that HAProxy gives no sessions is no part of its map. So it becomes a node that is out only where it is out in
 * every service, and where no mapping would count it in.
 */
function withoutIdle(uses: readonly Use[], remarks: Remarks): Use[] {
  const out = (use: Use): boolean => use.state !== 'ready';
  return uses.filter((use) => {
    if (!out(use)) return true;
    const everywhere = uses.filter(({ machine }) => machine === use.machine);
    const mapped = everywhere.some(({ service }) => service.service.hash?.method === 'haproxy');
    if (!mapped && everywhere.every((other) => other.state === use.state)) return true;
    const { server, service } = use;
    const why = use.state === 'maint' ? 'is disabled' : 'has weight 0';
    const way = mapped
      ? "left out: a node more would change whom HAProxy's mapping sends where; add it when you leave hash: { method: haproxy }"
      : 'left out of this service';
    remarks.note(server.line, `${server.name} ${why} in ${service.pair.back.name}: ${way}`);
    return false;
  });
}

/** Shares are what counts: where the numbers differ only from service to service, they are brought to the same ones. */
function evenWeights(uses: readonly Use[]): void {
  if (isEven(uses, ({ weight }) => weight)) return;
  const divisors = new Map<ImportedService, number>();
  for (const { service, weight } of uses)
    divisors.set(service, greatestCommonDivisor(divisors.get(service) ?? 0, weight));
  for (const use of uses) use.weight /= divisors.get(use.service) ?? 1;
}

function isEven(uses: readonly Use[], value: (use: Use) => number): boolean {
  const of = new Map<string, number>();
  return uses.every((use) => {
    if (!of.has(use.machine)) of.set(use.machine, value(use));
    return of.get(use.machine) === value(use);
  });
}

interface Naming {
  readonly named: Map<Use, string>;
  readonly nodes: Map<string, RawNode>;
  readonly taken: Set<string>;
}

function nameVariants(name: string, uses: readonly Use[], { named, nodes, taken }: Naming, remarks: Remarks): void {
  const variants = grouped(uses, ({ weight, server, state }) => `${weight} ${server.backup} ${state}`);
  const bySize = [...variants.values()].sort(
    (a, b) => b.length - a.length || (a[0]?.weight ?? 0) - (b[0]?.weight ?? 0),
  );
  for (const [i, variant] of bySize.entries()) {
    const [first] = variant;
    if (first === undefined) continue;
    const { server, service, weight, state } = first;
    const own = i === 0 ? name : unique(`${name.slice(0, 40)}-${service.name.slice(0, 20)}`, taken);
    taken.add(own);
    if (i > 0) {
      const what = `${server.backup ? 'a backup' : `weight ${server.weight}`}`;
      remarks.note(
        server.line,
        `${name} is ${what} in ${service.pair.back.name} and not elsewhere: written as a node of its own, ${own}; drain both when you work on the machine`,
      );
    }
    nodes.set(own, {
      address: server.host,
      ...(weight === 1 ? {} : { weight }),
      ...(server.backup ? { backup: true } : {}),
      ...(state === 'ready' ? {} : { state }),
    });
    for (const use of variant) named.set(use, own);
  }
}

/** Its nodes and the port most of them have; the others get `ports`. No nodes: the service is lost. */
function place(
  imported: ImportedService,
  own: readonly Use[],
  named: ReadonlyMap<Use, string>,
  nodes: Map<string, RawNode & { ports?: Record<string, number> }>,
  remarks: Remarks,
): Placed[] {
  const { front, binds } = imported.pair;
  if (own.length === 0) {
    remarks.lost(front.line, `no server of ${front.name} takes sessions: not carried over`);
    return [];
  }
  const ports = new Map(own.map((use) => [use, portOf(use.server, binds.port)]));
  const counted = grouped([...ports.values()], (port) => port);
  const [[port] = [undefined]] = [...counted].sort((a, b) => b[1].length - a[1].length);
  if (binds.port === undefined && own.some(({ server }) => /^[+-]/.test(server.port))) {
    remarks.lost(
      front.line,
      `${front.name}: its servers shift the ports that it listens on, and it listens on several: not carried over; write one service for each port`,
    );
    return [];
  }
  if (counted.size > 1 && counted.has(undefined)) {
    remarks.lost(
      front.line,
      `${front.name}: some servers have a port of their own, others the one that was dialled: not carried over`,
    );
    return [];
  }
  if (port === undefined && (typeof binds.listen === 'object' || String(binds.listen).startsWith('unix:'))) {
    remarks.lost(
      front.line,
      `${front.name}: its servers have no port of their own, and it listens on several: not carried over`,
    );
    return [];
  }
  for (const use of own) {
    const name = named.get(use) ?? '';
    const node = nodes.get(name);
    const its = ports.get(use);
    if (node === undefined || its === port || its === undefined) continue;
    nodes.set(name, { ...node, ports: { ...node.ports, [imported.name]: its } });
  }
  const ofServer = new Map(own.map((use) => [use.server, named.get(use) ?? '']));
  return [{ imported, nodes: [...ofServer.values()], port, ofServer }];
}

function portOf({ port }: Server, listening: number | undefined): number | undefined {
  if (port === '') return listening;
  const number = Number(port);
  const meant = /^[+-]/.test(port) ? (listening === undefined ? Number.NaN : listening + number) : number;
  return Number.isInteger(meant) && meant > 0 && meant < 65_536 ? meant : undefined;
}

/** Map.groupBy, which Node 20 has not. */
function grouped<T, K>(items: readonly T[], key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** Nodes that serve few of the services say which; the others serve all. */
export function withServices(
  nodes: ReadonlyMap<string, RawNode>,
  placed: readonly Placed[],
  isPinned: (one: Placed) => boolean,
): ReadonlyMap<string, RawNode> {
  const shared = placed.filter((one) => !isPinned(one));
  return new Map(
    [...nodes].map(([name, node]) => {
      const all = placed.filter((one) => one.nodes.includes(name));
      const few = shared.filter((one) => one.nodes.includes(name)).length * 2 <= shared.length;
      if (!few || all.length === placed.length) return [name, node];
      const { address, ports, ...rest } = node;
      const services = all.map(({ imported }) => imported.name);
      return [name, { ...(address === undefined ? {} : { address }), ...rest, services, ...(ports ? { ports } : {}) }];
    }),
  );
}

/** What a service says of its nodes: nothing where it has those that serve it anyway, in the order of the file. */
export function nodeList(one: Placed, nodes: ReadonlyMap<string, RawNode>): RawService {
  const name = one.imported.name;
  const serving = [...nodes].flatMap(([node, { services }]) => (services?.includes(name) === false ? [] : [node]));
  const same = one.nodes.length === serving.length && one.nodes.every((node, i) => node === serving[i]);
  return same ? {} : { nodes: one.nodes };
}
