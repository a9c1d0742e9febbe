// A client's address as 32-bit words, and its network: what the source hashes read. Never fails: what is no address has
// no words, and all such clients are one.

import ipaddr from 'ipaddr.js';

/** How many words an address has: none, IPv4, IPv6. */
export type WordCount = 0 | 1 | 4;

/**
 * Writes the words of an address, in network order, to `words` (of length 4) and says how many. An IPv4-mapped IPv6
 * address is the IPv4 address. undefined (a client on a Unix socket), like any other text, has no words.
 */
export function readAddress(client: string | undefined, words: Int32Array): WordCount {
  if (client === undefined) return 0;
  if (client.includes(':')) return readIPv6(client, words);
  return readIPv4(client, words) ? 1 : 0;
}

/** Keeps the first `prefix` bits of the words. */
export function maskAddress(words: Int32Array, count: WordCount, prefix: number): void {
  for (let i = 0; i < count; i++) {
    const bits = prefix - 32 * i;
    // Shifts count modulo 32, so the two ends stand by themselves.
    const mask = bits >= 32 ? -1 : bits <= 0 ? 0 : -1 << (32 - bits);
    words[i] = (words[i] ?? 0) & mask;
  }
}

/** By hand, since it runs on every accept: four decimal numbers, a dot between them. */
function readIPv4(text: string, words: Int32Array): boolean {
  let word = 0;
  let part = 0;
  let digits = 0;
  let dots = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 46 && digits > 0) {
      word = (word << 8) | part;
      part = 0;
      digits = 0;
      dots++;
    } else if (code >= 48 && code <= 57 && digits < 3) {
      part = part * 10 + code - 48;
      digits++;
      if (part > 255) return false;
    } else {
      return false;
    }
  }
  words[0] = (word << 8) | part;
  return dots === 3 && digits > 0;
}

function readIPv6(text: string, words: Int32Array): WordCount {
  const parts = partsOfIPv6(text);
  if (parts === undefined) return 0;
  for (let i = 0; i < 4; i++) words[i] = ((parts[2 * i] ?? 0) << 16) | (parts[2 * i + 1] ?? 0);
  if (words[0] !== 0 || words[1] !== 0 || words[2] !== 0xffff) return 4;
  words[0] = words[3] ?? 0;
  return 1;
}

/** The eight 16-bit parts. Asking whether it is valid first would parse it twice. */
function partsOfIPv6(text: string): readonly number[] | undefined {
  try {
    return ipaddr.IPv6.parse(text).parts;
  } catch {
    return undefined;
  }
}
