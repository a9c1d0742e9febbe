// Each haproxy.cfg of the fixtures is run by a real HAProxy, and imported and run by us: the same ports, the same node for
// each client under `source`, the same shares under roundrobin, the same clients turned away. Only addresses are changed,
// in both alike: listeners to free ports of loopback, servers to stand-ins that say who they are. Probes are left out:
// the stand-ins speak none of the services' protocols.

import t, { type Test } from 'tap';
import type { ServiceConfig } from '../../src/config/config.ts';
import { startBalancer } from '../fixtures/balancer.ts';
import { seededRandom, tally } from '../fixtures/candidates.ts';
import { FILES, haproxyFile, imported } from '../fixtures/imported.ts';
import { ask, findHaproxy, freePorts, mapWide, noWideHaproxy, startHaproxy } from '../fixtures/real-haproxy.ts';
import { startServer } from '../fixtures/tcp.ts';

const CLIENTS = 100;
/** Divisible by every sum of shares in the files. */
const TURNS = 30;
const WIDTH = 8;

const haproxy = findHaproxy();
const skip = noWideHaproxy(haproxy);

const BIND = /^(\s*bind\s+)(\S*:)([0-9]+)(.*)$/;
const SERVER = /^(\s*server\s+\S+\s+)"?([^\s"]+?):([0-9]+)"?(.*)$/;

/** A stand-in for each server of the file: its address in the file to its port. It says that address to whoever comes. */
async function standIns(t: Test, text: string): Promise<ReadonlyMap<string, number>> {
  const ports = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, , host = '', port] = SERVER.exec(line) ?? [];
    const name = `${real(host)}:${port}`;
    if (port === undefined || ports.has(name)) continue;
    ports.set(name, (await startServer(t, (socket) => socket.resume().end(name))).port);
  }
  return ports;
}

/** The one variable of the files. */
function real(host: string): string {
  return host.replace(/^\$\{FIRST\}$/, '192.0.2.1');
}

function listenedPorts(text: string): number[] {
  const lines = text.split('\n').map((line) => BIND.exec(line));
  return lines.flatMap((found) => (found?.[3] === undefined ? [] : [Number(found[3])]));
}

function moved(text: string, servers: ReadonlyMap<string, number>, ports: ReadonlyMap<number, number>): string {
  const lines = text.split('\n').map((line) => {
    const [, before, address = '', port, after] = BIND.exec(line) ?? [];
    if (before !== undefined) {
      return `${before}${address.includes('192.') ? '127.0.0.1:' : address}${ports.get(Number(port))}${after}`;
    }
    const [, name, host = '', of, rest] = SERVER.exec(line) ?? [];
    return name === undefined ? line : `${name}127.0.0.1:${servers.get(`${real(host)}:${of}`)}${rest}`;
  });
  // What belongs to the machine, not to the balancing.
  const elsewhere = /^\s*(chroot|pidfile|user|group|daemon|stats socket|log)\b/;
  // One thread, so that turns are taken in the order of the sessions.
  return ['global', '  nbthread 1', ...lines.filter((line) => !elsewhere.test(line))].join('\n');
}

function clients(): string[] {
  const random = seededRandom(7);
  const part = (from: number, to: number) => from + Math.floor(random() * (to - from + 1));
  return Array.from({ length: CLIENTS }, () => `127.${part(0, 254)}.${part(0, 255)}.${part(1, 254)}`);
}

const portOf = ({ listen: [first] }: ServiceConfig): number => (first?.kind === 'tcp' ? first.port : 0);

for (const file of FILES) {
  t.test(file, { skip, timeout: 120_000 }, async (t) => {
    if (haproxy === undefined) return;
    t.comment(haproxy.version);
    const text = haproxyFile(file);
    const { config } = imported(text);
    const services = config.services;
    const statistics = config.http === false || config.http.port === 8404 ? [] : [config.http.port];
    const numbers = (list: readonly number[]) => [...list].sort((a, b) => a - b);
    const theirPorts = listenedPorts(text);
    t.strictSame(numbers([...services.map(portOf), ...statistics]), numbers(theirPorts), 'the same ports');

    const servers = await standIns(t, text);
    const free = await freePorts(theirPorts.length);
    const ports = new Map(theirPorts.map((port, i) => [port, free[i] ?? 0]));
    await startHaproxy(t, haproxy, moved(text, servers, ports), ports.get(portOf(services[0] as ServiceConfig)) ?? 0);
    const { balancer } = await startBalancer(
      t,
      services.map((service) => ({
        ...service,
        listen: [{ kind: 'tcp', host: '127.0.0.1', port: 0, ipv6Only: false }],
        backends: service.backends.map((backend) => ({
          ...backend,
          host: '127.0.0.1',
          port: servers.get(`${backend.host}:${backend.port}`) ?? 1,
        })),
        health: false,
      })),
    );

    for (const service of services) {
      const theirs = ports.get(portOf(service)) ?? 0;
      const ours = balancer.bound(service.name)[0]?.port ?? 0;
      if (service.balance.strategy === 'source') {
        await sameNodes(t, service, theirs, ours);
      } else {
        await sameShares(t, service, theirs, ours);
      }
    }
  });
}

async function sameNodes(t: Test, { name, backends }: ServiceConfig, theirs: number, ours: number): Promise<void> {
  const all = clients();
  const session = (port: number) => (client: string) => ask(port, { localAddress: client, hello: 'x' });
  const [there = [], here = []] = await Promise.all([theirs, ours].map((port) => mapWide(all, WIDTH, session(port))));
  const turnedAway = (answer: string | undefined): string => (answer?.includes(':') ? answer : 'turned away');
  const differ = all.flatMap((client, i) => {
    const pair = [turnedAway(there[i]), turnedAway(here[i])];
    return pair[0] === pair[1] ? [] : [`${client}: HAProxy ${pair[0]}, chargehand ${pair[1]}`];
  });
  t.strictSame(differ, [], `${name}: ${CLIENTS} clients, ${JSON.stringify(tally(here.map(turnedAway)))}`);
  const nodes = new Set(here.filter((answer) => answer.includes(':')));
  t.equal(nodes.size, backends.filter(({ backup }) => !backup).length, `${name}: every node had some`);
}

async function sameShares(t: Test, { name, balance }: ServiceConfig, theirs: number, ours: number): Promise<void> {
  const turns = Array.from({ length: TURNS }, (_, i) => i);
  const session = (port: number) => () => ask(port, { hello: 'x' });
  const [there = [], here = []] = await Promise.all([theirs, ours].map((port) => mapWide(turns, 1, session(port))));
  if (balance.strategy === 'roundrobin' || balance.strategy === 'pinned') {
    t.strictSame(tally(here), tally(there), `${name}: ${JSON.stringify(tally(here))}`);
  } else {
    t.strictSame(new Set(here), new Set(there), `${name}: the same nodes`);
  }
  t.ok(
    here.every((answer) => answer.includes(':')),
    `${name}: every session had a node`,
  );
}
