// The file of a Unix socket: one that nobody listens on any more is in the way and is removed; one in use is left alone.

import { stat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { socketPathFault } from '../core/socket-path.ts';

/**
 * Removes the socket at `path` if it is a socket that refuses. Anything else is left for `listen` to complain about, but for
 * a path that is too long: it rejects with EINVAL.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const fault = socketPathFault(path);
  if (fault !== undefined) throw Object.assign(new Error(fault), { code: 'EINVAL' });
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || !found.isSocket()) return;
  const refused = await new Promise<boolean>((resolve) => {
    const probe = connect({ path });
    probe.once('connect', () => {
      probe.destroy();
      resolve(false);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });
  if (refused) await unlink(path).catch(() => undefined);
}
