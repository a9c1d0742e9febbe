// The PROXY protocol: a header in front of a connection that names its client. Tells the versions apart; which peers must
// send one, and what then becomes of a bad one, is the session's. (HAProxy's doc/proxy-protocol.txt)

import { bad, INCOMPLETE, type ParsedHeader } from './proxy-header.ts';
import { parseV1 } from './proxy-v1.ts';
import { parseV2, V2_SIGNATURE } from './proxy-v2.ts';

export type { Endpoint, EndpointPair, ParsedHeader } from './proxy-header.ts';
export { encodeV1, MOST_V1 } from './proxy-v1.ts';
export { encodeV2, MOST_V2 } from './proxy-v2.ts';

const V1_SIGNATURE = Buffer.from('PROXY ');

/**
 * The header at the beginning of `bytes`, which are all that a connection has brought so far. Never needs more than 4 kB of
 * them, and refuses what can't become a header as early as it shows. Cheap enough to be asked again with every packet.
 */
export function parseProxyHeader(bytes: Buffer): ParsedHeader {
  if (bytes.length === 0) return INCOMPLETE;
  if (beginsAs(V1_SIGNATURE, bytes)) return parseV1(bytes);
  if (beginsAs(V2_SIGNATURE, bytes)) return parseV2(bytes);
  return bad('not a PROXY header');
}

/** Whether a connection brings a header's whole signature, good or bad behind it. `maybe`: the bytes so far are a part of one. */
export function looksLikeProxyHeader(bytes: Buffer): 'yes' | 'no' | 'maybe' {
  for (const signature of [V1_SIGNATURE, V2_SIGNATURE]) {
    if (beginsAs(signature, bytes)) return bytes.length < signature.length ? 'maybe' : 'yes';
  }
  return 'no';
}

/** Whether `bytes` are a part of `signature` from its beginning, or begin with all of it. */
function beginsAs(signature: Buffer, bytes: Buffer): boolean {
  const n = Math.min(signature.length, bytes.length);
  return signature.compare(bytes, 0, n, 0, n) === 0;
}
