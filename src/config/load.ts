// The way from a file to a Config, and every problem on it. The only file of the room that reads files.

import { type FileHandle, open } from 'node:fs/promises';
import { ConfigError, type Problem } from '../errors.ts';
import { check } from './checks.ts';
import type { Config } from './config.ts';
import { type Draft, expandServices } from './expand.ts';
import { normalize } from './normalize.ts';
import { MOST_BYTES, parseYaml, TOO_LARGE, TOO_LARGE_TO_READ } from './parse.ts';
import type { RawFile } from './raw.ts';
import type { Source } from './source.ts';
import { validate } from './validate.ts';

export interface Loaded {
  readonly config: Config;
  readonly warnings: readonly Problem[];
  /** The file as it was read: the same text is the same configuration. */
  readonly text: string;
  /** What `show` needs besides. */
  readonly drafts: readonly Draft[];
  readonly raw: RawFile;
  readonly source: Source;
}

/** More lines than this help nobody. */
const MOST_PROBLEMS = 200;

/** Throws ConfigError with every problem, its warnings included. */
export async function loadConfig(file: string): Promise<Loaded> {
  return parseConfig(await readText(file), file);
}

/** Whether the file says something else by now; one that can't be read says nothing. */
export async function hasChanged({ config, text }: Loaded): Promise<boolean> {
  const now = await readText(config.file).catch(() => text);
  return now !== text;
}

/** The same for a text; `file` is what problems call it. `lineOf`: where in that file the values came from, if not here. */
export function parseConfig(text: string, file: string, lineOf?: (pointer: string) => number): Loaded {
  const { source: written, problems: reading } = parseYaml(text, file);
  const source = lineOf === undefined ? written : written.cameFrom(lineOf);
  const { raw, bad, problems: shape } = validate(source);
  const drafts = bad.has('') ? [] : expandServices(raw, source);
  const sense = bad.has('') ? [] : check(drafts, raw, source, bad);
  const problems = inOrder([...reading, ...shape, ...sense]);
  if (problems.some(({ severity }) => severity === 'error')) throw new ConfigError(problems);
  return { config: normalize(drafts, raw, source), warnings: problems, text, drafts, raw, source };
}

/** `admin.socket` out of a file, whatever else is wrong with it; undefined: it can't be told, or the file says none. */
export async function adminSocketIn(file: string): Promise<string | undefined> {
  try {
    const { value } = parseYaml(await readText(file), file).source as {
      readonly value: { admin?: { socket?: unknown } };
    };
    const socket = value.admin?.socket;
    return typeof socket === 'string' ? socket : undefined;
  } catch (error) {
    if (error instanceof ConfigError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function inOrder(problems: readonly Problem[]): Problem[] {
  const sorted = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
  const more = sorted.length - MOST_PROBLEMS;
  const last = sorted[MOST_PROBLEMS];
  if (more <= 0 || last === undefined) return sorted;
  // An error beyond the cut must not be lost.
  const severity = sorted.some((problem) => problem.severity === 'error') ? 'error' : 'warning';
  return [...sorted.slice(0, MOST_PROBLEMS), { ...last, severity, path: '', message: `and ${more} more problems` }];
}

const READ_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied: the user that this process runs as may not read it (chgrp it, then chmod 640)',
  EISDIR: 'is a directory, not a file',
  ENOTDIR: 'there is no such file: a part of its path is not a directory',
  ENAMETOOLONG: 'there is no such file: its name is too long',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'is not text in UTF-8',
  ELOOP: 'there is no such file: its symbolic links go round in circles',
};

/** Throws ConfigError. `strict`: bytes that are no UTF-8 are a fault, else they are read as U+FFFD. */
export async function readText(file: string, strict = true): Promise<string> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file);
    const bytes = await readAll(handle);
    if (bytes === undefined) return fail(file, strict ? TOO_LARGE : TOO_LARGE_TO_READ);
    return new TextDecoder('utf-8', { fatal: strict }).decode(bytes);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    return fail(file, READ_FAULTS[code] ?? `can't be read: ${code}`);
  } finally {
    await handle?.close();
  }
}

/** undefined: too large. A pipe or a device has no size to look at first, so the limit holds while reading as well. */
async function readAll(handle: FileHandle): Promise<Uint8Array | undefined> {
  const { size } = await handle.stat();
  if (size > MOST_BYTES) return undefined;
  const bytes = Buffer.alloc(MOST_BYTES + 1);
  let length = 0;
  while (length <= MOST_BYTES) {
    const { bytesRead } = await handle.read(bytes, length, bytes.length - length, null);
    if (bytesRead === 0) return bytes.subarray(0, length);
    length += bytesRead;
  }
  return undefined;
}

function fail(file: string, message: string): never {
  throw new ConfigError([{ severity: 'error', file, line: 0, column: 0, path: '', message }]);
}
