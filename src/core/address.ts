// Addresses as values: canonical client addresses, `ip:port` texts, CIDR lists. Parsing is ipaddr.js's.

import ipaddr from 'ipaddr.js';

/**
 * The canonical text of an address: an IPv4-mapped IPv6 address is the IPv4 address, IPv6 is compressed and lower case,
 * a zone (`%eth0`) is dropped. What is no address comes back as it was.
 */
export function canonicalAddress(text: string): string {
  // The common case on the accept path: plain IPv4, which is canonical already.
  if (!text.includes(':')) return text;
  const [, mapped] = MAPPED.exec(text) ?? [];
  if (mapped !== undefined) return mapped;
  try {
    return ipaddr.process(text.replace(/%.*$/, '')).toString();
  } catch {
    return text;
  }
}

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/;

/** `ip:port`, with brackets around IPv6. */
export function formatHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether a text is an IP address (no name, no port, no zone). */
export function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text);
}

/** Whether an IP address can be one machine's: not the wildcard (`0.0.0.0`, `::`), multicast or broadcast. */
export function isUnicast(address: string): boolean {
  return !['unspecified', 'multicast', 'broadcast'].includes(ipaddr.process(address).range());
}

export type CidrMatcher = (address: string) => boolean;

/** A matcher for a list of CIDR texts (a bare address is its own network). Throws on what is none. */
export function cidrMatcher(texts: readonly string[]): CidrMatcher {
  if (texts.length === 0) return () => false;
  const networks = texts.map((text) => {
    const [network, bits] = unmapped(...(text.includes('/') ? ipaddr.parseCIDR(text) : wholeAddress(text)));
    return { network, bits, kind: network.kind() };
  });
  return (address) => {
    if (!ipaddr.isValid(address)) return false;
    const candidate = ipaddr.process(address);
    const kind = candidate.kind();
    return networks.some((n) => n.kind === kind && candidate.match(n.network as never, n.bits));
  };
}

/** A network of IPv4-mapped addresses is the IPv4 network: what is compared with it is canonical. */
function unmapped(network: ipaddr.IPv4 | ipaddr.IPv6, bits: number): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  const mapped = network instanceof ipaddr.IPv6 && network.isIPv4MappedAddress() && bits >= 96;
  return mapped ? [network.toIPv4Address(), bits - 96] : [network, bits];
}

function wholeAddress(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  const address = ipaddr.parse(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}
