// Whether the addresses of the file can live side by side: what listens, what is dialled, and who may reach the http port.

import { canonicalAddress, cidrMatcher, formatHostPort } from '../core/address.ts';
import type { BackendSpec } from '../core/backend.ts';
import { BUILT_IN_TOP } from './built-in.ts';
import type { Draft } from './expand.ts';
import type { Findings } from './findings.ts';
import { type ListenEntry, parseListen, type TcpEntry } from './listen-address.ts';
import type { RawFile } from './raw.ts';
import { shown } from './shown.ts';

interface Listening {
  readonly owner: string;
  /** The name of the service, where it is one's. */
  readonly service?: string;
  readonly entry: ListenEntry;
  /** As it is written. */
  readonly text: string;
  readonly pointer: string;
  readonly inFile: boolean;
}

const isLoopback = cidrMatcher(['127.0.0.0/8', '::1']);

export function checkAddresses(drafts: readonly Draft[], raw: RawFile, findings: Findings): void {
  const listening = [
    ...drafts.flatMap((draft) => listeningOf(draft, findings)),
    ...httpListening(raw, findings),
    ...socketsListening(raw, findings),
  ];
  checkOverlaps(listening, findings);
  for (const draft of drafts) checkTwins(draft, findings);
  checkCircles(drafts, listening, findings);
  checkHttp(raw, findings);
}

/** Whether both can't be bound at once. `::` leaves IPv4 to those who name an address of it. */
export function overlaps(a: ListenEntry, b: ListenEntry): boolean {
  if (a.kind === 'unix' || b.kind === 'unix') return a.kind === 'unix' && b.kind === 'unix' && a.path === b.path;
  if (a.kind === 'systemd' || b.kind === 'systemd') {
    return a.kind === 'systemd' && b.kind === 'systemd' && a.name === b.name;
  }
  return a.first <= b.last && b.first <= a.last && (covers(a, b) || covers(b, a));
}

function covers(a: TcpEntry, b: TcpEntry): boolean {
  if (a.host === undefined || a.host === b.host) return true;
  if (b.host === undefined) return false;
  return a.host === (b.host.includes(':') ? '::' : '0.0.0.0');
}

function listeningOf(draft: Draft, findings: Findings): Listening[] {
  const { listen } = draft.raw;
  if (listen === undefined) return [];
  const pointer = findings.pointerOf(draft, '/listen');
  const inFile = findings.source.has(pointer);
  const entries = typeof listen === 'object' ? findings.source.items(pointer, listen) : [[pointer, listen] as const];
  return entries.flatMap(([at, value]) => {
    const entry = parseListen(value);
    return typeof entry === 'object'
      ? [{ owner: `service ${draft.name}`, service: draft.name, entry, text: String(value), pointer: at, inFile }]
      : [];
  });
}

function httpListening(raw: RawFile, findings: Findings): Listening[] {
  if (raw.http === false || !findings.isSound('/http/listen')) return [];
  const value = raw.http?.listen ?? BUILT_IN_TOP.http.listen;
  const entry = parseListen(value);
  if (typeof entry !== 'object') return [];
  // Its server is bound as it is written: `::` takes IPv4 too.
  const bound = entry.kind === 'tcp' && entry.host === '::' ? { ...entry, host: undefined } : entry;
  const inFile = findings.source.has('/http/listen');
  return [{ owner: 'http', entry: bound, text: String(value), pointer: '/http/listen', inFile }];
}

function socketsListening(raw: RawFile, findings: Findings): Listening[] {
  const paths = {
    admin: raw.admin === false ? undefined : (raw.admin?.socket ?? BUILT_IN_TOP.admin.socket),
    haproxy: raw.haproxy?.socket,
  };
  return Object.entries(paths).flatMap(([owner, path]) => {
    const pointer = `/${owner}/socket`;
    if (path === undefined || !findings.isSound(pointer)) return [];
    return [{ owner, entry: { kind: 'unix', path }, text: path, pointer, inFile: findings.source.has(pointer) }];
  });
}

function checkOverlaps(listening: readonly Listening[], findings: Findings): void {
  // Told at the one that stands later in the file; what a profile or a default says can't be changed where it stands.
  const inOrder = [...listening].sort(
    (a, b) => Number(a.inFile) - Number(b.inFile) || lineOf(a, findings) - lineOf(b, findings),
  );
  for (const [i, one] of inOrder.entries()) {
    const other = inOrder.slice(0, i).find((before) => overlaps(before.entry, one.entry));
    if (other === undefined) continue;
    const where = other.inFile ? ` (line ${lineOf(other, findings)})` : '';
    const who = other.owner === one.owner ? 'another entry of this service' : other.owner;
    const what = other.text === one.text ? '' : ` (${shown(other.text)})`;
    findings.error(one.pointer, `${shown(one.text)} is taken by ${who}${what}${where}: one address has one service`);
  }
}

function lineOf(one: Listening, findings: Findings): number {
  return findings.source.place(one.pointer).line;
}

function checkTwins({ backends }: Draft, findings: Findings): void {
  const seen = new Map<string, BackendSpec>();
  for (const backend of backends) {
    const key = `${canonicalAddress(backend.host).toLowerCase()} ${backend.port}`;
    const twin = seen.get(key);
    if (twin === undefined) seen.set(key, backend);
    else findings.warning(`/nodes/${backend.node}`, `has the same address as ${twin.node}: ${backend.host}`, 'key');
  }
}

/** A node of a service that is a listener of this file. */
interface Step {
  readonly backend: BackendSpec;
  readonly to: string;
}

/** One service may lead to another, as long as its sessions come out somewhere. */
function checkCircles(drafts: readonly Draft[], listening: readonly Listening[], findings: Findings): void {
  const steps = new Map(drafts.map(({ name, backends }) => [name, stepsOf(backends, listening)]));
  const circling = neverOut(steps);
  for (const [name, list] of steps) {
    for (const { backend, to } of list.filter((step) => circling.has(step.to))) {
      const which = to === name ? `service ${name} itself` : `service ${to}`;
      const message = `${name} would dial ${formatHostPort(backend.host, backend.port ?? 0)}, which is ${which}`;
      findings.error(`/nodes/${backend.node}`, `${message}: sessions would go round in circles`, 'key');
    }
  }
}

/** The services in a circle and those that lead into one: what is left when all that lead nowhere are taken away (Kahn). */
function neverOut(steps: ReadonlyMap<string, readonly Step[]>): ReadonlySet<string> {
  const left = new Map([...steps].map(([name, list]) => [name, list.length]));
  const before = new Map<string, string[]>();
  for (const name of steps.keys()) before.set(name, []);
  for (const [name, list] of steps) for (const { to } of list) before.get(to)?.push(name);
  const out = [...left].filter(([, count]) => count === 0).map(([name]) => name);
  for (const name of out) {
    left.delete(name);
    for (const one of before.get(name) ?? []) {
      const count = (left.get(one) ?? 0) - 1;
      left.set(one, count);
      if (count === 0) out.push(one);
    }
  }
  return new Set(left.keys());
}

function stepsOf(backends: readonly BackendSpec[], listening: readonly Listening[]): Step[] {
  return backends.flatMap((backend) => {
    const { host, port } = backend;
    const service =
      port !== undefined && listening.find(({ entry }) => reachedBy(entry, canonicalAddress(host), port))?.service;
    return service ? [{ backend, to: service }] : [];
  });
}

/** Whether a connection to this address certainly comes back to this listener. */
function reachedBy(entry: ListenEntry, host: string, port: number): boolean {
  if (entry.kind !== 'tcp' || port < entry.first || port > entry.last) return false;
  if (entry.host === host) return true;
  return isLoopback(host) && covers(entry, { kind: 'tcp', host, first: port, last: port });
}

function checkHttp(raw: RawFile, findings: Findings): void {
  if (!raw.http || raw.http.listen === undefined || !findings.isSound('/http')) return;
  const entry = parseListen(raw.http.listen);
  if (typeof entry !== 'object' || entry.kind !== 'tcp' || (raw.http.allow ?? []).length > 0) return;
  if (entry.host !== undefined && isLoopback(entry.host)) return;
  findings.warning('/http/listen', 'listens beyond loopback, and everyone may ask: add allow: with your networks');
}
