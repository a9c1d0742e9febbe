// What a PROXY protocol header says, in either version: who connected, and to where. Addresses are ipaddr.js's; no bytes
// of a header are read or written here.

import ipaddr from 'ipaddr.js';

export interface Endpoint {
  /** Canonical as in core/address.ts: an IPv4-mapped IPv6 address is the IPv4 address. */
  readonly address: string;
  readonly port: number;
}

export interface EndpointPair {
  readonly source: Endpoint;
  readonly destination: Endpoint;
}

export type ParsedHeader =
  | { readonly kind: 'incomplete' }
  /** No header, or one that is malformed or too long. `reason` has no text from outside in it. */
  | { readonly kind: 'bad'; readonly reason: string }
  /** The header is the first `length` bytes. No endpoints: it names nobody, the real ones of the connection hold. */
  | {
      readonly kind: 'header';
      readonly length: number;
      readonly source: Endpoint | undefined;
      readonly destination: Endpoint | undefined;
    };

export const INCOMPLETE: ParsedHeader = { kind: 'incomplete' };

export function bad(reason: string): ParsedHeader {
  return { kind: 'bad', reason };
}

/** An address as its bytes stand in a header (4 or 16), as canonical text. */
export function addressOfBytes(bytes: Uint8Array): string {
  return canonical(ipaddr.fromByteArray([...bytes]));
}

/** An address as its valid text stands in a header, as canonical text. */
export function addressOfText(text: string): string {
  return canonical(ipaddr.parse(text));
}

export interface PairBytes {
  readonly family: 4 | 6;
  readonly source: readonly number[];
  readonly destination: readonly number[];
}

/**
 * Both addresses as bytes of one family, since a header has room for one: where they differ, the IPv4 address is written
 * as IPv4-mapped IPv6, as HAProxy does, so that the client is named rather than lost. undefined: one is no address.
 */
export function bytesOfPair({ source, destination }: EndpointPair): PairBytes | undefined {
  if (!ipaddr.isValid(source.address) || !ipaddr.isValid(destination.address)) return undefined;
  const from = ipaddr.process(source.address);
  const to = ipaddr.process(destination.address);
  if (from.kind() === 'ipv4' && to.kind() === 'ipv4') {
    return { family: 4, source: from.toByteArray(), destination: to.toByteArray() };
  }
  return { family: 6, source: inIPv6(from).toByteArray(), destination: inIPv6(to).toByteArray() };
}

function inIPv6(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv6 {
  return address instanceof ipaddr.IPv4 ? address.toIPv4MappedAddress() : address;
}

function canonical(address: ipaddr.IPv4 | ipaddr.IPv6): string {
  const mapped = address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress();
  return (mapped ? address.toIPv4Address() : address).toString();
}
