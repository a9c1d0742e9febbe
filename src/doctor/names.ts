// The addresses behind the names in the file: of the nodes, and of the name that clients dial. Each is looked up once,
// with a deadline; judged elsewhere.

import { isAddress } from '../core/address.ts';
import type { Clock } from '../core/clock.ts';
import { printable } from '../core/printable.ts';
import type { Lookup } from '../net/lookup.ts';

export interface Resolved {
  readonly addresses: readonly string[];
  /** Empty: it was resolved. As `ENOTFOUND`. */
  readonly failure: string;
}

const PATIENCE_MS = 6000;
/** What Node says where the answer is that there is no such name. */
export const NO_SUCH_NAME: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA', 'EAI_NONAME']);

export async function resolveName(host: string, lookup: Lookup, clock: Clock): Promise<Resolved> {
  if (isAddress(host)) return { addresses: [host], failure: '' };
  let giveUp = (): void => {};
  const late = new Promise<Resolved>((resolve) => {
    giveUp = () => resolve({ addresses: [], failure: `no answer in ${PATIENCE_MS / 1000} s` });
  });
  const timer = clock.after(PATIENCE_MS, giveUp);
  const found = lookup.ask(host).then(
    ({ addresses }): Resolved => ({ addresses, failure: addresses.length === 0 ? 'ENODATA' : '' }),
    (error: unknown): Resolved => ({ addresses: [], failure: words(error) }),
  );
  try {
    return await Promise.race([found, late]);
  } finally {
    timer.cancel();
  }
}

function words(error: unknown): string {
  if (error instanceof Error && 'code' in error) return printable(String(error.code), 60);
  return printable(String(error), 60);
}
