// Makes the certificates that certificates.ts names: once for a whole run.

import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeCertificates } from '../demo/certificate-files.ts';
import { makeAuthority } from '../demo/certificates.ts';
import { certificatesIn } from './certificates.ts';
import { LB_NAME, NODES, nodeAddress } from './services.ts';

/** In a folder of their own, which is its caller's to remove. */
export async function makeCertificates(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'chargehand-certificates-'));
  const nodes = NODES.map((name) => ({ name, address: nodeAddress(name) }));
  await writeCertificates(directory, nodes, LB_NAME);
  const stranger = await (await makeAuthority('a stranger')).issue({ commonName: LB_NAME, names: [LB_NAME] });
  const { wrong } = certificatesIn(directory);
  await writeFile(wrong.certificate, stranger.certificate);
  await writeFile(wrong.key, stranger.key, { mode: 0o600 });
  return directory;
}
