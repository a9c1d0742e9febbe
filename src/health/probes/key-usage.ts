// What a certificate says its key may be used for, and whether a TLS server is among it: the two extensions that clients
// look at (RFC 5280, 4.2.1.3 and 4.2.1.12). Node shows only one of them; the other is read from the certificate's DER.

import type { X509Certificate } from 'node:crypto';

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const ANY_USAGE = '2.5.29.37.0';
/** The bits of the key usage that a server needs one of, as OpenSSL has it: signing, or encrypting or agreeing on a key. */
const SIGNS = 0;
const SERVER_BITS = [SIGNS, 2, 4];

/** In words; undefined: it may be a server's. */
export function usageFault(certificate: X509Certificate): string | undefined {
  const purposes = certificate.keyUsage;
  if (purposes !== undefined && !purposes.includes(SERVER_AUTH) && !purposes.includes(ANY_USAGE)) {
    return 'its extended key usage lacks serverAuth';
  }
  const usage = keyUsageBits(certificate.raw);
  if (usage !== undefined && !SERVER_BITS.some((bit) => isSet(usage, bit))) {
    return 'its key usage has neither digitalSignature nor keyEncipherment';
  }
  return undefined;
}

interface Part {
  readonly tag: number;
  readonly content: Buffer;
}

const SEQUENCE = 0x30;
const OBJECT_ID = 0x06;
const OCTETS = 0x04;
const BITS = 0x03;
/** `[3]` of a TBSCertificate. */
const EXTENSIONS = 0xa3;
/** 2.5.29.15. */
const KEY_USAGE = Buffer.from([0x55, 0x1d, 0x0f]);

/** The bits of the key usage, most significant first; undefined: it has none. */
function keyUsageBits(der: Buffer): Buffer | undefined {
  const [certificate] = parts(der);
  const [body] = parts(certificate?.content);
  const wrapped = parts(body?.content).find(({ tag }) => tag === EXTENSIONS);
  const [list] = parts(wrapped?.content);
  for (const { tag, content } of parts(list?.content)) {
    const fields = tag === SEQUENCE ? parts(content) : [];
    if (fields[0]?.tag !== OBJECT_ID || !fields[0].content.equals(KEY_USAGE)) continue;
    const [bits] = parts(fields.find((field) => field.tag === OCTETS)?.content);
    // The first byte counts the bits that are not used at the end.
    return bits?.tag === BITS ? bits.content.subarray(1) : undefined;
  }
  return undefined;
}

function isSet(bits: Buffer, bit: number): boolean {
  return ((bits[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0;
}

/** The parts of a DER sequence; what is cut off or has an odd length ends it. */
function parts(der: Buffer | undefined): Part[] {
  const found: Part[] = [];
  let at = 0;
  while (der !== undefined && at + 2 <= der.length) {
    const tag = der[at] ?? 0;
    const short = der[at + 1] ?? 0;
    const more = short < 0x80 ? 0 : short & 0x7f;
    const start = at + 2 + more;
    if (more > 4 || start > der.length) break;
    const length = more === 0 ? short : der.readUIntBE(at + 2, more);
    if (start + length > der.length) break;
    found.push({ tag, content: der.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}
