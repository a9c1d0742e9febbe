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
  for (const draft of drafts) checkBackends(draft, findings, listening);
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
      ? [{ owner: `service ${draft.name}`, entry, text: String(value), pointer: at, inFile }]
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

function checkBackends(draft: Draft, findings: Findings, listening: readonly Listening[]): void {
  const seen = new Map<string, BackendSpec>();
  for (const backend of draft.backends) {
    const { port } = backend;
    const pointer = `/nodes/${backend.node}`;
    const host = canonicalAddress(backend.host);
    if (port !== undefined) {
      const itself = listening.find(({ entry }) => reachedBy(entry, host, port));
      if (itself !== undefined) {
        const message = `${draft.name} would dial ${formatHostPort(backend.host, port)}, which is ${itself.owner} itself`;
        findings.error(pointer, `${message}: sessions would go round in circles`, 'key');
      }
    }
    const key = `${host.toLowerCase()} ${port}`;
    const twin = seen.get(key);
    if (twin === undefined) seen.set(key, backend);
    else findings.warning(pointer, `has the same address as ${twin.node}: ${backend.host}`, 'key');
  }
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
