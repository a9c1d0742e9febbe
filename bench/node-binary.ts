// Which Node the peers run on: the asked version, fetched by scripts/with-node.mjs, else the one that runs the bench.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../scripts/with-node.mjs', import.meta.url));

export interface NodeBinary {
  readonly path: string;
  readonly version: string;
  /** Why it is not the asked one. */
  readonly remark: string | undefined;
}

export function nodeBinary(major: number): NodeBinary {
  const own = { path: process.execPath, version: process.version, remark: undefined };
  if (Number(process.versions.node.split('.')[0]) === major) return own;
  const print = 'process.stdout.write(process.execPath + "\\n" + process.version)';
  const done = spawnSync(process.execPath, [script, String(major), '--', 'node', '-e', print], { encoding: 'utf8' });
  const [path, version] = done.stdout.split('\n');
  if (done.status === 0 && path && version) return { path, version, remark: undefined };
  return {
    ...own,
    remark: `Node ${major} can't be had here (${done.stderr.trim()}): measured on ${own.version} instead`,
  };
}
