// A service as an entry under its profile's row: only what differs. What HAProxy's file says of *where* sessions go wins
// over the row; a TCP check gives way to the row's question.

import { BUILT_IN_SERVICE } from '../built-in.ts';
import type { ProfileRow } from '../profiles/profile.ts';
import type { RawHealthDetails, RawService } from '../raw.ts';
import type { Remarks } from './remarks.ts';
import type { ImportedService } from './services.ts';

const ASKS =
  "the profile's checks speak the service's protocol; a TCP check calls a node well that accepts and never answers";

/** The whole entry, for a service that is no row of a profile. */
export function inFull(
  { listen, service, check, pair }: ImportedService,
  port: number | undefined,
  nodes: RawService,
): RawService {
  const health: RawHealthDetails = { ...check.question, ...check.schedule };
  const { balance, ...rest } = service;
  return {
    listen,
    ...(port === undefined || (port === pair.binds.port && typeof listen !== 'object') ? {} : { port }),
    ...nodes,
    ...(balance === BUILT_IN_SERVICE.balance || balance === undefined ? {} : { balance }),
    ...rest,
    ...(Object.keys(health).length === 0 ? {} : { health: withType(health) }),
  };
}

function withType(health: RawHealthDetails): RawHealthDetails {
  return health.type === undefined ? { type: 'tcp', ...health } : health;
}

export function underRow(
  { listen, service, check, pair }: ImportedService,
  row: ProfileRow,
  port: number | undefined,
  nodes: RawService,
  remarks: Remarks,
): RawService {
  const { line } = pair.back;
  const standard = row.service;
  const balance = service.balance ?? BUILT_IN_SERVICE.balance;
  const pinned = row.pinnedToCa === true;
  const asks = askedBy(standard);
  if (check.question === undefined && asks !== 'tcp') {
    remarks.grouped(ASKS, check.line, `the check of ${row.name} becomes ${asks}`, 'better');
  }
  if (!pinned && balance !== standard.balance) {
    remarks.note(line, `${row.name}: ${balance} as in this file, not ${standard.balance} as in the profile${why(row)}`);
  }
  const { balance: _balance, ...rest } = service;
  const health: RawHealthDetails = { ...check.question, ...check.schedule };
  return {
    ...(listen === standard.listen ? {} : { listen }),
    ...(port === standard.port || port === undefined ? {} : { port }),
    ...(pinned ? {} : nodes),
    ...(pinned || balance === standard.balance ? {} : { balance }),
    ...withoutHash(rest, pinned),
    ...(Object.keys(health).length === 0 ? {} : { health }),
  };
}

function withoutHash(service: RawService, pinned: boolean): RawService {
  if (!pinned) return service;
  const { hash: _hash, ...rest } = service;
  return rest;
}

function askedBy({ health }: RawService): string {
  if (typeof health === 'string') return health;
  return (typeof health === 'object' ? (health.probe ?? health.type) : undefined) ?? 'tcp';
}

function why({ name }: ProfileRow): string {
  if (name === 'https')
    return ': a client may find metadata of two nodes that do not fit; delete that line when you can';
  if (name === 'http') return ': without that line a client has the same node on 80 as on 443';
  return '';
}
