// What an `http` or `https` probe asks and expects: what breaks the request, and what is valid but says something else
// than was meant. Knows no schema: that each value has its type is settled.

import { printable } from '../core/printable.ts';
import type { Draft } from './expand.ts';
import type { Findings } from './findings.ts';
import { near } from './near.ts';
import type { MergedHealth } from './raw.ts';
import { child } from './source.ts';

/** Headers that the probe owns, as it sends no body and asks once; with the value that says what it does anyway. */
const OWN: ReadonlyMap<string, string> = new Map([
  ['connection', 'close'],
  ['content-length', '0'],
  ['transfer-encoding', ''],
  ['upgrade', ''],
]);

export function checkQuestion(draft: Draft, health: MergedHealth, findings: Findings): void {
  const at = (path: string): string => findings.pointerOf(draft, `/health/${path}`);
  if (health.method === 'CONNECT')
    findings.error(at('method'), 'CONNECT asks for a tunnel, which a probe has no use for');
  if (health.path.includes('#')) {
    findings.error(at('path'), 'what follows # is never sent to a server: write %23 where the character is meant');
  }
  checkHeaders(draft, health, findings);
  for (const [path, predicate] of Object.entries(health.expect.json)) {
    const pointer = findings.pointerOf(draft, child('/health/expect/json', path));
    if (typeof predicate === 'string') {
      if (predicate === 'not_empty' || near(predicate, ['not_empty']) === undefined) continue;
      findings.warning(pointer, `must be this very text "${printable(predicate)}" (did you mean not_empty?)`);
      continue;
    }
    // A profile may mean it so.
    const list = child(pointer, 'contains');
    if (typeof predicate !== 'object' || predicate?.contains?.length !== 0 || !findings.source.has(list)) continue;
    findings.warning(
      list,
      'is empty, so that every list passes, an empty one, too: name what it must have, or write not_empty',
    );
  }
}

function checkHeaders(draft: Draft, { headers, expect }: MergedHealth, findings: Findings): void {
  checkSpellings(draft, '/health/headers', headers, findings);
  checkSpellings(draft, '/health/expect/headers', expect.headers, findings);
  for (const [name, value] of Object.entries(headers)) {
    const own = OWN.get(name.toLowerCase());
    if (own === undefined || own === value.toLowerCase()) continue;
    const pointer = findings.pointerOf(draft, child('/health/headers', name));
    findings.error(pointer, 'is not for the file: a probe sends no body and asks once, and says so itself', 'key');
  }
}

/** One header in two spellings of its name. A ready probe has its own spelling, which the file may write in another. */
function checkSpellings(draft: Draft, at: string, headers: Readonly<Record<string, string>>, findings: Findings): void {
  const seen = new Map<string, string>();
  for (const name of Object.keys(headers)) {
    const pointer = findings.pointerOf(draft, child(at, name));
    if (!findings.source.has(pointer)) continue;
    const before = seen.get(name.toLowerCase());
    seen.set(name.toLowerCase(), name);
    if (before !== undefined) findings.error(pointer, `is the same header as ${before}: write one of them`, 'key');
  }
}
