// The file of the operator's sockets: whose it is and who may open it. Knows nothing of what is said there.

import { chmod, chown, readFile, stat } from 'node:fs/promises';

/** The group of a name out of /etc/group; undefined: there is none of this name. */
export async function groupId(name: string): Promise<number | undefined> {
  const entry = (await groups()).find((group) => group.name === name);
  return entry?.id;
}

/** The name of the group that a socket belongs to; undefined where it can't be told. */
export async function groupOfSocket(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  return (await groups()).find((group) => group.id === found.gid)?.name;
}

/** Gives the socket its mode and its group. Answers why the group can't be had, in words; else ''. */
export async function giveTo(path: string, mode: number, group: string): Promise<string> {
  await chmod(path, mode);
  const id = await groupId(group);
  if (id === undefined) return `there is no group ${group} on this machine`;
  // Under the unit it has the group from the start, and may not change it.
  if ((await stat(path)).gid === id) return '';
  try {
    // -1: the user stays.
    await chown(path, -1, id);
    return '';
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : error;
    return `${path} can't be given to the group ${group} (${code}): this process is not in it`;
  }
}

/** What stands at `path` in the place of a socket, in words; undefined: a socket, nothing, or it can't be told. */
export async function noSocketAt(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || found.isSocket()) return undefined;
  return found.isDirectory() ? 'a folder stands there' : 'a file that is no socket stands there';
}

async function groups(): Promise<readonly { readonly name: string; readonly id: number }[]> {
  const text = await readFile('/etc/group', 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    const [name = '', , id = ''] = line.split(':');
    return name !== '' && /^\d+$/.test(id) ? [{ name, id: Number(id) }] : [];
  });
}
