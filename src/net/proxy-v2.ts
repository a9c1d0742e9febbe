// The PROXY protocol's version 2: binary, with addresses and then values of any type (HAProxy's doc/proxy-protocol.txt,
// section 2.2). Of the values only the checksum is looked at; the others are only stepped over.

import { crc32c } from './crc32c.ts';
import { addressOfBytes, bad, bytesOfPair, type EndpointPair, INCOMPLETE, type ParsedHeader } from './proxy-header.ts';

export const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

/** The longest header, its values included. */
export const MOST_V2 = 4096;

const FIXED = 16;
const LOCAL = 0x20;
const PROXY = 0x21;
const TCP_OVER_IPV4 = 0x11;
const TCP_OVER_IPV6 = 0x21;
const TYPE_CRC32C = 0x03;
/** By address family (none, IPv4, IPv6, Unix): how many bytes both addresses and ports take. */
const ADDRESSES = [0, 12, 36, 216];
const DATAGRAM = 2;

const NO_CHECKSUM = Buffer.alloc(4);

/** `bytes`: what has come so far, which begins as the signature does. What can't become a header is refused at once. */
export function parseV2(bytes: Buffer): ParsedHeader {
  const command = bytes[12];
  if (command === undefined) return INCOMPLETE;
  if (command >> 4 !== 2) return bad('v2: not version 2');
  if (command !== LOCAL && command !== PROXY) return bad('v2: neither LOCAL nor PROXY');
  const family = bytes[13];
  if (family === undefined) return INCOMPLETE;
  const addresses = (family & 0xf) > DATAGRAM ? undefined : ADDRESSES[family >> 4];
  if (addresses === undefined && command === PROXY) return bad('v2: unknown address family or protocol');
  if (bytes.length < FIXED) return INCOMPLETE;
  const length = FIXED + bytes.readUInt16BE(14);
  if (length > MOST_V2) return bad(`v2: longer than ${MOST_V2} bytes`);
  if (bytes.length < length) return INCOMPLETE;

  const header = bytes.subarray(0, length);
  const fault = addresses === undefined ? undefined : faultOfValues(header, FIXED + addresses);
  // LOCAL has its block discarded, so that only a wrong checksum counts: it may be a PROXY whose command got damaged.
  if (fault !== undefined && (command === PROXY || fault === 'wrong checksum')) return bad(`v2: ${fault}`);
  if (command === PROXY && family === TCP_OVER_IPV4) return named(header, 4);
  if (command === PROXY && family === TCP_OVER_IPV6) return named(header, 16);
  // Valid, but of no TCP connection: to be treated as unspecified.
  return { kind: 'header', length, source: undefined, destination: undefined };
}

export function encodeV2(pair: EndpointPair | 'local'): Buffer {
  const bytes = pair === 'local' ? undefined : bytesOfPair(pair);
  if (pair === 'local' || bytes === undefined) return Buffer.from([...V2_SIGNATURE, LOCAL, 0, 0, 0]);
  const family = bytes.family === 4 ? TCP_OVER_IPV4 : TCP_OVER_IPV6;
  const { source, destination } = pair;
  const block = [...bytes.source, ...bytes.destination, ...twoBytes(source.port), ...twoBytes(destination.port)];
  return Buffer.from([...V2_SIGNATURE, PROXY, family, ...twoBytes(block.length), ...block]);
}

/** A header of TCP, with addresses of `size` bytes. */
function named(header: Buffer, size: number): ParsedHeader {
  const destinationAt = FIXED + size;
  const portsAt = FIXED + 2 * size;
  return {
    kind: 'header',
    length: header.length,
    source: { address: addressOfBytes(header.subarray(FIXED, destinationAt)), port: header.readUInt16BE(portsAt) },
    destination: {
      address: addressOfBytes(header.subarray(destinationAt, portsAt)),
      port: header.readUInt16BE(portsAt + 2),
    },
  };
}

/** What is wrong with a header whose values begin at `at`. */
function faultOfValues(header: Buffer, at: number): 'truncated' | 'wrong checksum' | undefined {
  if (at > header.length) return 'truncated';
  let checksumAt: number | undefined;
  while (at < header.length) {
    if (at + 3 > header.length) return 'truncated';
    const size = header.readUInt16BE(at + 1);
    if (at + 3 + size > header.length) return 'truncated';
    if (header[at] === TYPE_CRC32C) {
      // Two can't both be right: each is computed with only itself taken as zero.
      if (size !== 4 || checksumAt !== undefined) return 'wrong checksum';
      checksumAt = at + 3;
    }
    at += 3 + size;
  }
  if (checksumAt === undefined) return undefined;
  const before = crc32c(NO_CHECKSUM, crc32c(header.subarray(0, checksumAt)));
  const computed = crc32c(header.subarray(checksumAt + 4), before);
  return computed === header.readUInt32BE(checksumAt) ? undefined : 'wrong checksum';
}

function twoBytes(n: number): [number, number] {
  return [n >> 8, n & 0xff];
}
