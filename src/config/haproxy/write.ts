// The imported configuration as YAML text: short entries on one line, longer ones as blocks, a word on where each came
// from. Decides nothing.

import { isMap } from '../merge.ts';
import type { RawFile } from '../raw.ts';
import { commented, inline } from '../yaml-text.ts';

/** Entries longer than this become blocks. */
const WIDEST = 100;

export interface Written {
  readonly head: readonly string[];
  readonly file: RawFile;
  /** What to say behind an entry of `services`. */
  readonly comments: ReadonlyMap<string, string>;
}

export function writeYaml({ head, file, comments }: Written): string {
  const { version, name: _name, profile, ca_node, nodes, services, ...rest } = file;
  const lines = [...head.map((line) => (line === '' ? '#' : `# ${line}`)), 'version: 1'];
  lines.push(
    '# name: smartproxy.example.net  # the name that clients dial: fill it in, for the checks of TLS and for doctor',
  );
  if (profile !== undefined) lines.push(`profile: ${inline(profile)}`);
  if (ca_node !== undefined) lines.push(`ca_node: ${inline(ca_node)}`);
  lines.push('', 'nodes:');
  for (const [node, value] of Object.entries(nodes ?? {})) lines.push(...entry(node, value, 2, ''));
  if (Object.keys(services ?? {}).length > 0) lines.push('', 'services:');
  for (const [service, value] of Object.entries(services ?? {})) {
    lines.push(...entry(service, value, 2, comments.get(service) ?? ''));
  }
  if (Object.keys(rest).length > 0) lines.push('');
  for (const [key, value] of Object.entries(rest)) lines.push(...entry(key, value, 0, ''));
  return `${lines.join('\n')}\n`;
}

function entry(key: string, value: unknown, indent: number, comment: string): string[] {
  const start = `${' '.repeat(indent)}${inline(key)}:`;
  const line = `${start} ${inline(value)}`;
  if (line.length <= WIDEST || !isMap(value)) return [commented(line, comment)];
  return [
    commented(start, comment),
    ...Object.entries(value).flatMap(([inner, one]) => entry(inner, one, indent + 2, '')),
  ];
}
