// Whether a text is a network that `allow`, `deny` and `proxy_protocol.accept` can match. Matching is core/address.ts's.

import { isAddress } from '../core/address.ts';

/** Why a text is no network, in words; undefined: it is one. A bare address is its own network. */
export function cidrFault(text: string): string | undefined {
  const [address = '', bits, ...more] = text.split('/');
  if (more.length > 0 || address.includes('%') || !isAddress(address)) {
    return 'must be a network such as 192.0.2.0/24 or 2001:db8::/32, or one address';
  }
  const widest = address.includes(':') ? 128 : 32;
  if (bits !== undefined && !(/^[0-9]{1,3}$/.test(bits) && Number(bits) <= widest)) {
    return `the prefix must be a number from 0 to ${widest}`;
  }
  // Clients are compared by their plain IPv4 address, so this one would never match.
  if (address.toLowerCase().startsWith('::ffff:')) return 'write the IPv4 network itself, without ::ffff:';
  return undefined;
}
