// The file of a Unix socket: one that nobody listens on any more is in the way and is removed; one in use is left alone.
// A socket is bound beside its path and moved there: libuv, when it closes a socket, removes the path that it bound, and
// after an upgrade another process still listens there.

import { type BigIntStats, linkSync, lstatSync, unlinkSync } from 'node:fs';
import { stat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { socketPathFault } from '../core/socket-path.ts';

/** The file of a socket that is listened on. */
export class SocketFile {
  readonly #path: string;
  readonly #found: BigIntStats | undefined;

  /** What is at `path` now. */
  constructor(path: string) {
    this.#path = path;
    this.#found = look(path);
  }

  /** Gives a socket that is bound at `from` the path `to` in its stead; fails with EADDRINUSE where there is anything. */
  static move(from: string, to: string): SocketFile {
    try {
      // A rename would put it in the place of whatever is there.
      linkSync(from, to);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw Object.assign(new Error(message), { code: code === 'EEXIST' ? 'EADDRINUSE' : code });
    }
    unlinkSync(from);
    return new SocketFile(to);
  }

  /** Unless another one has taken its place. */
  remove(): void {
    const now = look(this.#path);
    if (now === undefined || now.dev !== this.#found?.dev || now.ino !== this.#found.ino) return;
    try {
      unlinkSync(this.#path);
    } catch {
      // It stays, and the next who listens there finds that nobody does.
    }
  }
}

function look(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}

/** Where to bind a socket that is to be moved to `path`: in the same folder, and no longer than a socket's path can be. */
export function pathBeside(path: string): string {
  const random = Math.random().toString(36).slice(2, 10);
  // Tools that list sockets show the path that was bound.
  const telling = `${path}.${random}`;
  if (socketPathFault(telling) === undefined) return telling;
  const name = basename(path);
  const other = name.startsWith('_') ? '-' : '_';
  return join(dirname(path), `${other}${random}`.slice(0, name.length));
}

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
