// Where the certificates of a run stand: the nodes' own, signed by one authority, and one that nobody trusts.

import { join } from 'node:path';

export interface Certificates {
  /** A file, PEM. */
  readonly authority: string;
  of(node: string): { readonly certificate: string; readonly key: string };
  readonly wrong: { readonly certificate: string; readonly key: string };
}

export function certificatesIn(directory: string): Certificates {
  const of = (name: string) => ({ certificate: join(directory, `${name}.pem`), key: join(directory, `${name}.key`) });
  return { authority: join(directory, 'ca.pem'), of, wrong: of('wrong') };
}
