// The PROXY header that a backend gets before a client's bytes: who the client is and where it connected to.

import { canonicalAddress } from '../core/address.ts';
import { encodeV1, encodeV2 } from './proxy-protocol.ts';
import type { Session } from './session.ts';
import type { Endpoint } from './session-stage.ts';

export function proxyPreamble(version: 'v1' | 'v2', session: Session): Buffer {
  const source = session.clientEndpoint;
  const destination = session.destination ?? localEnd(session);
  const known = source !== undefined && destination !== undefined;
  if (version === 'v1') return encodeV1(known ? { source, destination } : 'unknown');
  return encodeV2(known ? { source, destination } : 'local');
}

/** The header of a health check, which comes from nobody but us; undefined: the port gets none. */
export function probePreamble(version: 'v1' | 'v2' | false): Buffer | undefined {
  if (version === false) return undefined;
  return version === 'v1' ? encodeV1('unknown') : encodeV2('local');
}

function localEnd(session: Session): Endpoint | undefined {
  const { address, port } = session.client.local;
  if (address === undefined || port === undefined) return undefined;
  return { address: canonicalAddress(address), port };
}
