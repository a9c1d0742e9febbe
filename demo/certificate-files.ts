// The certificates of a group of nodes as files in one directory: `ca.pem`, and for each node `NODE.pem` and `NODE.key`.
// Makes them anew each time; reads none, and removes none (the directory is its caller's).

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeAuthority } from './certificates.ts';

export interface CertifiedNode {
  readonly name: string;
  readonly address: string;
}

/**
 * One authority, and a certificate for each node that is good for the node's own name (`proxy01.example.test` beside
 * `smartproxy.example.test`), for the name that clients dial, and for its address. Returns the path of `ca.pem`.
 */
export async function writeCertificates(
  directory: string,
  nodes: readonly CertifiedNode[],
  lbName: string,
): Promise<string> {
  const authority = await makeAuthority();
  const domain = lbName.replace(/^[^.]*/, '');
  for (const { name, address } of nodes) {
    const commonName = `${name}${domain}`;
    const identity = await authority.issue({ commonName, names: [commonName, lbName], addresses: [address] });
    await writeFile(join(directory, `${name}.pem`), identity.certificate);
    await writeFile(join(directory, `${name}.key`), identity.key, { mode: 0o600 });
  }
  const path = join(directory, 'ca.pem');
  await writeFile(path, authority.certificate);
  return path;
}
