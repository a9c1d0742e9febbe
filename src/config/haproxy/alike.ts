// What all servers of a backend say alike. A service has one word for all of its nodes: what only some servers have, or
// have otherwise, is carried over for none of them, and is told as lost.

import type { Remarks } from './remarks.ts';
import type { Server } from './server.ts';

/** The setting of all of them; undefined: none has it, or they differ. `without`: what that means here. */
export function alike(
  servers: readonly Server[],
  setting: string,
  without: string,
  remarks: Remarks,
): string | undefined {
  const [first, ...others] = servers;
  const value = first?.settings.get(setting);
  const odd = others.find(({ settings }) => settings.get(setting) !== value);
  if (odd === undefined) return value;
  remarks.lost(odd.line, `${setting} differs from server to server, and is carried over for none: ${without}`);
  return undefined;
}
