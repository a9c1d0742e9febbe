// What one entry of `listen` may say: a port, `ADDRESS:PORT`, a range of ports, `unix:/path`, `systemd:NAME`. Whether two
// entries clash is check-addresses.ts's. And how a listener is written.

import { canonicalAddress, formatHostPort, isAddress } from '../core/address.ts';
import { socketPathFault } from '../core/socket-path.ts';
import type { ListenAddress } from './config.ts';

export type ListenEntry =
  /** `host` undefined: all addresses of both families. `first` = `last`: one port. */
  | { readonly kind: 'tcp'; readonly host: string | undefined; readonly first: number; readonly last: number }
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'systemd'; readonly name: string };

export type TcpEntry = Extract<ListenEntry, { kind: 'tcp' }>;

/** More listeners than this are more likely a typing error than a wish. */
const MOST_PORTS = 1_024;
const TCP = /^(?:(?<host>[^\s/]+):)?(?<first>[0-9]+)(?:-(?<last>[0-9]+))?$/;

/** The entry, or in words why it is none. */
export function parseListen(value: string | number): ListenEntry | string {
  const text = String(value);
  if (text.startsWith('unix:')) return unixEntry(text.slice('unix:'.length));
  if (text.startsWith('systemd:')) return systemdEntry(text.slice('systemd:'.length));
  const { host, first, last } = TCP.exec(text)?.groups ?? {};
  if (first === undefined) {
    return 'must be a port, "ADDRESS:PORT", "[IPv6 ADDRESS]:PORT", "FIRST-LAST", "unix:/path" or "systemd:NAME"';
  }
  const ports = parsePorts(Number(first), Number(last ?? first));
  if (typeof ports === 'string') return ports;
  if (host === undefined) return { kind: 'tcp', host, ...ports };
  const address = parseHost(host);
  return 'fault' in address ? address.fault : { kind: 'tcp', host: address.host, ...ports };
}

/** Each port of an entry as an address of its own. `ipv6Only`: whether `::` shares a port with IPv4 listeners. */
export function expandListen(entry: ListenEntry, ipv6Only: (port: number) => boolean): ListenAddress[] {
  if (entry.kind !== 'tcp') return [entry];
  const addresses: ListenAddress[] = [];
  for (let port = entry.first; port <= entry.last; port++) {
    addresses.push({ kind: 'tcp', host: entry.host, port, ipv6Only: entry.host === '::' && ipv6Only(port) });
  }
  return addresses;
}

function parsePorts(first: number, last: number): { first: number; last: number } | string {
  for (const port of [first, last]) {
    if (port < 1 || port > 65_535) return `port ${port} is out of range: 1 to 65535`;
  }
  if (last < first) return `the range ends before it begins: write "${last}-${first}"`;
  if (last - first >= MOST_PORTS) return `a range has at most ${MOST_PORTS} ports`;
  return { first, last };
}

function parseHost(text: string): { host: string } | { fault: string } {
  const bracketed = /^\[(.+)\]$/.exec(text)?.[1];
  const address = bracketed ?? text;
  if (!isAddress(address)) {
    return { fault: `"${address}" is no IP address: a listener needs one, a name could mean several` };
  }
  if (address.includes(':') !== (bracketed !== undefined)) {
    return { fault: bracketed === undefined ? `write it in brackets: "[${address}]:PORT"` : 'only IPv6 has brackets' };
  }
  // A link-local address means nothing without its zone.
  return { host: address.includes('%') ? address : canonicalAddress(address) };
}

function unixEntry(path: string): ListenEntry | string {
  if (!path.startsWith('/')) return 'the path of a Unix socket begins with /: "unix:/run/chargehand/web.sock"';
  return socketPathFault(path) ?? { kind: 'unix', path };
}

function systemdEntry(name: string): ListenEntry | string {
  // FileDescriptorName= of systemd.socket(5).
  if (!/^[!-9;-~]{1,255}$/.test(name)) return 'names no socket: write "systemd:NAME", NAME as in FileDescriptorName=';
  return { kind: 'systemd', name };
}

/** The address as a user writes it. */
export function formatListenAddress(address: ListenAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  if (address.kind === 'systemd') return `systemd:${address.name}`;
  return address.host === undefined ? `*:${address.port}` : formatHostPort(address.host, address.port);
}
