// The `services:` of the imported file: under a profile only what differs from it, and `false` for rows that HAProxy's file
// has not; without one, every service in full.

import { PROFILES, type ProfileRow } from '../profiles/profile.ts';
import type { RawNode, RawService } from '../raw.ts';
import { inFull, underRow } from './as-profile.ts';
import { nodeList, type Placed, withServices } from './nodes.ts';
import type { Recognised } from './recognise.ts';
import type { Remarks } from './remarks.ts';

export interface Entries {
  readonly services: Readonly<Record<string, RawService | false>>;
  readonly nodes: ReadonlyMap<string, RawNode>;
  readonly caNode: string | undefined;
}

/** Ports that Smart Proxies once had, and what became of them. */
const GONE: Readonly<Record<string, string>> = {
  amqp: 'katello-agent and its 5647 are gone since 2023',
  docker: 'the registry is on 443 since 2020, nothing listens on 5000',
  rhsm: 'RHSM is on 443, and 8443 is closed since 2024',
};

export function entriesOf(
  placed: readonly Placed[],
  plain: ReadonlyMap<string, RawNode>,
  recognised: Recognised | undefined,
  remarks: Remarks,
): Entries {
  const rowOf = ({ imported }: Placed): ProfileRow | undefined => recognised?.rows.get(imported.pair);
  const isPinned = (one: Placed): boolean => rowOf(one)?.pinnedToCa === true;
  const nodes = withServices(plain, placed, isPinned);
  const signing = placed.find(isPinned);
  const caNode = signing === undefined ? undefined : signingNode(signing, remarks);
  const services: Record<string, RawService | false> = {};
  for (const row of recognised === undefined ? [] : PROFILES[recognised.profile]) {
    const found = placed.find((one) => rowOf(one) === row);
    if (found === undefined) {
      const standing = row.presence === 'always' || (row.presence === 'with-ca-node' && caNode !== undefined);
      if (standing) services[row.name] = false;
      remarkMissing(row, remarks);
      continue;
    }
    const entry = underRow(found.imported, row, found.port, nodeList(found, nodes), remarks);
    const named = row.presence === 'on-request' || (row.presence === 'with-ca-node' && caNode === undefined);
    if (named || Object.keys(entry).length > 0) services[row.name] = entry;
    const gone = GONE[row.name];
    if (gone !== undefined)
      remarks.better(
        found.imported.pair.front.line,
        `${row.name}: ${gone}; with nodes of today write profile: foreman-current, and without this service`,
      );
  }
  for (const one of placed) {
    if (rowOf(one) === undefined) services[one.imported.name] = inFull(one.imported, one.port, nodeList(one, nodes));
  }
  return { services, nodes, caNode };
}

function signingNode({ imported, nodes, ofServer }: Placed, remarks: Remarks): string | undefined {
  const servers = [...ofServer];
  const serving = servers.filter(([{ disabled, weight }]) => !disabled && weight > 0);
  const first = serving.find(([{ backup }]) => !backup) ?? serving[0] ?? servers[0];
  const node = first?.[1];
  if (nodes.length > 1) {
    remarks.lost(
      imported.pair.back.line,
      `${imported.pair.back.name} leads to several nodes: two that sign certificates corrupt the CA, so puppet-ca is pinned to ${node}; say in ca_node which one signs`,
    );
  }
  return node;
}

function remarkMissing(row: ProfileRow, remarks: Remarks): void {
  if (row.name !== 'mqtt') return;
  remarks.better(
    0,
    'port 1883 (MQTT) is missing: hosts registered through the load balancer dial it for pull-mode remote execution; mqtt: {} under services: adds it',
  );
}
