// What takes two keys of one service to judge.

import { listenEntries, nodeOf, serves } from './backends.ts';
import type { Draft } from './expand.ts';
import type { Findings } from './findings.ts';
import type { RawFile } from './raw.ts';

export function checkService(draft: Draft, raw: RawFile, findings: Findings): void {
  checkListen(draft, findings);
  checkPinned(draft, raw, findings);
  checkNodes(draft, raw, findings);
  checkFailover(draft, findings);
  checkHash(draft, findings);
}

function checkListen(draft: Draft, findings: Findings): void {
  // Under a profile whose name is wrong, it isn't known what the rows would have said.
  if (!findings.areSound(draft, 'listen', 'port') || !findings.isSound('/profile')) return;
  const { listen, port } = draft.raw;
  if (listen === undefined) {
    findings.error(
      `${draft.pointer}/listen`,
      'is missing: say what this service listens on, such as listen: 443',
      'key',
    );
    return;
  }
  if (port !== undefined) return;
  const kind = typeof listen === 'object' ? 'a list' : listenEntries(draft)[0]?.kind;
  const what = kind === 'unix' ? 'a Unix socket' : kind === 'systemd' ? 'a socket of systemd' : kind;
  if (what === undefined || what === 'tcp') return;
  findings.error(
    `${draft.pointer}/port`,
    `is missing: where listen is ${what}, it must say the port on the nodes`,
    'key',
  );
}

function checkPinned(draft: Draft, raw: RawFile, findings: Findings): void {
  if (!findings.areSound(draft, 'balance', 'node') || !findings.isSound('/ca_node')) return;
  const { balance, node } = draft.raw;
  const onCa = draft.row?.pinnedToCa === true;
  if (onCa && balance !== 'pinned') {
    const message = `must stay pinned: this goes to the CA, and two nodes that sign corrupt it`;
    findings.error(findings.pointerOf(draft, '/balance'), message);
  } else if (onCa && node === undefined) {
    const way = `name the one node that signs certificates, or take ${draft.name} out with "${draft.name}: false"`;
    const asked = findings.source.has(draft.pointer);
    findings.error(asked ? draft.pointer : '/profile', `${raw.profile} needs ca_node: ${way}`, asked ? 'key' : 'value');
  } else if (balance === 'pinned' && node === undefined) {
    findings.error(`${draft.pointer}/node`, 'is missing: a pinned service names its one node', 'key');
  } else if (balance !== 'pinned' && node !== undefined) {
    const message = `only a pinned service has one (this is ${balance}): add balance: pinned, or list nodes: instead`;
    findings.error(findings.pointerOf(draft, '/node'), message, 'key');
  }
}

function checkNodes(draft: Draft, raw: RawFile, findings: Findings): void {
  if (!findings.areSound(draft, 'nodes', 'node', 'balance') || !findings.isSound('/nodes')) return;
  const { source } = findings;
  const list = findings.pointerOf(draft, '/nodes');
  let contradicted = false;
  for (const [pointer, name] of source.items(list, draft.raw.nodes)) {
    const node = nodeOf(raw, name);
    if (node === undefined || serves(node, draft.name)) continue;
    contradicted = true;
    findings.error(pointer, `node "${name}" does not serve ${draft.name}: nodes.${name}.services leaves it out`);
  }
  const { balance, node, nodes } = draft.raw;
  const known = (nodes ?? source.keys('/nodes')).every((name) => nodeOf(raw, name) !== undefined);
  const pinnedKnown = balance !== 'pinned' || (node !== undefined && nodeOf(raw, node) !== undefined);
  if (contradicted || !known || !pinnedKnown || draft.backends.length > 0) return;
  if (balance === 'pinned') {
    findings.error(findings.pointerOf(draft, '/node'), `node "${node}" does not serve ${draft.name}`);
  } else {
    findings.error(source.has(draft.pointer) ? draft.pointer : '/services', `no node serves ${draft.name}`, 'key');
  }
}

function checkFailover(draft: Draft, findings: Findings): void {
  if (!findings.areSound(draft, 'wait_for_client', 'handshake_failover')) return;
  if (!draft.raw.handshake_failover || draft.raw.wait_for_client) return;
  const message = 'handshake_failover needs wait_for_client: true (only a whole hello can be sent again)';
  if (draft.origins.get('/handshake_failover')?.pointer !== undefined) {
    findings.error(findings.pointerOf(draft, '/handshake_failover'), message);
  } else {
    // The profile turned failover on, the file turned waiting off.
    const way = 'to turn waiting off, set handshake_failover: false as well';
    findings.error(findings.pointerOf(draft, '/wait_for_client'), `${message}; ${way}`);
  }
}

function checkHash(draft: Draft, findings: Findings): void {
  if (!findings.areSound(draft, 'hash/method', 'hash/bound', 'hash/v4_mapped', 'balance')) return;
  const { hash, balance } = draft.raw;
  const given = (path: string): boolean => draft.origins.get(path)?.label !== 'default';
  if (hash.method === 'haproxy' && hash.bound !== 'none') {
    findings.error(findings.pointerOf(draft, '/hash/bound'), "can't go with method: haproxy, which knows no bound");
  }
  if (hash.method !== 'haproxy' && hash.v4_mapped && given('/hash/v4_mapped')) {
    findings.error(findings.pointerOf(draft, '/hash/v4_mapped'), 'only means something with method: haproxy');
  }
  const own = findings.source.has(`${draft.pointer}/hash`);
  if (own && balance !== 'source') {
    findings.warning(`${draft.pointer}/hash`, `has no effect: balance is ${balance}, not source`, 'key');
  }
}
