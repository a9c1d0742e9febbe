// The file that keeps what the operator said over a restart. Written whole or not at all; what is torn is told and
// passed over; what somebody else wrote is neither read nor written over.

import { open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Word } from '../core/admin-state.ts';
import type { AdminState } from '../core/backend.ts';

export interface KeptWords {
  readonly states: readonly Word<AdminState>[];
  readonly weights: readonly Word<number>[];
}

/** The first bytes of every file of ours, whole or torn. */
const MARK = '{"chargehand":"operator"';
const VERSION = 1;
const MODE = 0o640;
const STATES: readonly unknown[] = ['ready', 'drain', 'maint'];

export class StateFile {
  readonly #path: string;
  /** Somebody else's file is there, or one of another version. */
  #foreign = false;
  #writing: Promise<string | undefined> = Promise.resolve(undefined);

  constructor(path: string) {
    this.#path = path;
  }

  /** What was kept; nothing, and a warning, where it can't be told. */
  async load(): Promise<KeptWords & { readonly warning: string | undefined }> {
    const nothing = { states: [], weights: [] };
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      const code = codeOf(error);
      const warning = code === 'ENOENT' || code === 'ENOTDIR' ? undefined : `can't be read (${code})`;
      return { ...nothing, warning: warning && `${this.#path} ${warning}: what the operator set before is forgotten` };
    }
    if (text !== '' && !text.startsWith(MARK)) {
      this.#foreign = true;
      return { ...nothing, warning: `${this.#path} is not a file of ours: it is left alone; name another admin.state` };
    }
    const kept = parse(text);
    const version = versionOf(text);
    if (kept === undefined && version !== undefined && version !== VERSION) {
      // After a step back to this version: the newer one will want it again.
      this.#foreign = true;
      const warning = `${this.#path} was written by another version of chargehand: it is left alone, and what the operator set is not in effect; remove it, or name another admin.state`;
      return { ...nothing, warning };
    }
    const warning = `${this.#path} is damaged: what the operator set before is forgotten; the file's states apply`;
    return kept === undefined ? { ...nothing, warning } : { ...kept, warning: undefined };
  }

  /** Answers a warning where it couldn't be kept. Calls at the same time are done one after the other. */
  save(words: KeptWords): Promise<string | undefined> {
    this.#writing = this.#writing.then(() => this.#save(words));
    return this.#writing;
  }

  async #save(words: KeptWords): Promise<string | undefined> {
    if (this.#foreign)
      return `not kept over a restart: ${this.#path} is not this version's file; name another admin.state`;
    const temporary = join(dirname(this.#path), `.chargehand-${Math.random().toString(36).slice(2)}.tmp`);
    try {
      const handle = await open(temporary, 'wx', MODE);
      try {
        await handle.writeFile(render(words));
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, this.#path);
      await syncFolder(dirname(this.#path));
      return undefined;
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      return `not kept over a restart: ${this.#path} can't be written (${codeOf(error)})`;
    }
  }
}

/** A rename is on the disk when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function render({ states, weights }: KeptWords): string {
  const entry = <T>({ node, service, value, file, since }: Word<T>) =>
    JSON.stringify({ node, service, value, file, since: new Date(since).toISOString() });
  const list = <T>(words: readonly Word<T>[]) => words.map((word) => `\n  ${entry(word)}`).join(',');
  return `${MARK},"version":${VERSION},\n "states":[${list(states)}],\n "weights":[${list(weights)}]}\n`;
}

/** undefined: it can't be told. */
function versionOf(text: string): number | undefined {
  const [, version] = /^\{"chargehand":"operator","version":(\d+),/.exec(text) ?? [];
  return version === undefined ? undefined : Number(version);
}

/** undefined: torn, or of a version that is not known. */
function parse(text: string): KeptWords | undefined {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(file) || file['version'] !== VERSION) return undefined;
  const states = wordsOf(file['states'], (value): value is AdminState => STATES.includes(value));
  const weights = wordsOf(file['weights'], (value): value is number => Number.isInteger(value) && Number(value) >= 1);
  return states === undefined || weights === undefined ? undefined : { states, weights };
}

function wordsOf<T>(list: unknown, isValue: (value: unknown) => value is T): Word<T>[] | undefined {
  if (!Array.isArray(list)) return undefined;
  const words: Word<T>[] = [];
  for (const entry of list as unknown[]) {
    if (!isRecord(entry)) return undefined;
    const { node, service, value, file } = entry;
    const since = Date.parse(String(entry['since']));
    if (typeof node !== 'string' || (service !== undefined && typeof service !== 'string')) return undefined;
    if (!isValue(value) || !isValue(file) || Number.isNaN(since)) return undefined;
    words.push({ node, service, value, file, since });
  }
  return words;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
