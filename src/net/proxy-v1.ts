// The PROXY protocol's version 1: one line of text, read and written exactly as its specification says (HAProxy's
// doc/proxy-protocol.txt, section 2.1). Nothing that is nearly right is taken.

import { isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';
import { addressOfText, bad, bytesOfPair, type EndpointPair, INCOMPLETE, type ParsedHeader } from './proxy-header.ts';

/** The longest line, CRLF included. */
export const MOST_V1 = 107;

/** How every line begins; what follows them decides. */
const BEGINNINGS = ['PROXY TCP4 ', 'PROXY TCP6 ', 'PROXY UNKNOWN'];
const LINE = /^PROXY TCP([46]) ([\da-fA-F.:]+) ([\da-fA-F.:]+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4})$/;
/** What follows UNKNOWN is ignored, whatever it is. */
const UNKNOWN_LINE = /^PROXY UNKNOWN(?: .*)?$/s;
/** What a line that isn't whole may look like: garbage is refused before its end comes. */
const PART_OF_LINE = /^PROXY (?:TCP[46] [\da-fA-F.: ]*\r?|UNKNOWN(?: .*|\r)?)$/s;
/** A dotted end only where the rest says that it is an IPv4 address. */
const MAPPED = /^::ffff:[\d.]+$/i;

/** `bytes`: what has come so far, which begins as the signature does. */
export function parseV1(bytes: Buffer): ParsedHeader {
  const end = bytes.subarray(0, MOST_V1).indexOf('\r\n');
  if (end < 0 && bytes.length >= MOST_V1) return bad(`v1: no CRLF in the first ${MOST_V1} bytes`);
  const text = bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
  if (end < 0) {
    const possible = PART_OF_LINE.test(text) || BEGINNINGS.some((beginning) => beginning.startsWith(text));
    return possible ? INCOMPLETE : bad('v1: malformed line');
  }
  const length = end + 2;
  if (UNKNOWN_LINE.test(text)) return { kind: 'header', length, source: undefined, destination: undefined };
  const [, family, from = '', to = '', fromPort, toPort] = LINE.exec(text) ?? [];
  if (family === undefined) return bad('v1: malformed line');
  const isAddress = family === '4' ? isIPv4 : isIPv6Text;
  if (!isAddress(from) || !isAddress(to)) return bad(`v1: not an IPv${family} address`);
  const source = { address: addressOfText(from), port: Number(fromPort) };
  const destination = { address: addressOfText(to), port: Number(toPort) };
  if (source.port > 65535 || destination.port > 65535) return bad('v1: a port above 65535');
  return { kind: 'header', length, source, destination };
}

export function encodeV1(pair: EndpointPair | 'unknown'): Buffer {
  const bytes = pair === 'unknown' ? undefined : bytesOfPair(pair);
  if (pair === 'unknown' || bytes === undefined) return Buffer.from('PROXY UNKNOWN\r\n');
  const [from, to] = [bytes.source, bytes.destination].map((address) => ipaddr.fromByteArray([...address]));
  return Buffer.from(`PROXY TCP${bytes.family} ${from} ${to} ${pair.source.port} ${pair.destination.port}\r\n`);
}

function isIPv6Text(text: string): boolean {
  return isIPv6(text) && (!text.includes('.') || MAPPED.test(text));
}
