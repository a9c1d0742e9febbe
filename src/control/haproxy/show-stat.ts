// `show stat`: which rows are wanted, and in which form.

import { CliError } from './cli-error.ts';
import { CSV_HEADER, csvLine, jsonObject, typedLines } from './formats.ts';
import { FIRST_PROXY, type Row } from './rows.ts';
import type { Servers } from './servers.ts';

/** Bits of the type in a filter. */
const TYPE_BITS = { F: 1, B: 2, S: 4 } as const;
const OPTIONS: ReadonlySet<string> = new Set(['typed', 'json', 'desc', 'up', 'no-maint', 'float']);

export function* showStat(given: readonly string[], servers: Servers, rows: readonly Row[]): Generator<string> {
  const options = new Set(given.filter((word) => OPTIONS.has(word)));
  const filter = given.filter((word) => !OPTIONS.has(word));
  if (filter[0] === 'domain') {
    if (filter[1] !== 'proxy') throw new CliError('Invalid statistics domain: there is proxy.');
    filter.splice(0, 2);
  }
  const wanted = rows.filter((row) => passes(row, filter, servers) && !hidden(row, options));
  if (options.has('typed')) {
    for (const row of wanted) yield typedLines(row);
  } else if (options.has('json')) {
    yield '[';
    for (const [i, row] of wanted.entries()) yield `${i === 0 ? '' : ','}${jsonObject(row)}`;
    yield ']\n';
  } else {
    yield CSV_HEADER;
    for (const row of wanted) yield csvLine(row);
  }
}

/** `<iid>|<proxy> <type> <sid>`; -1, or nothing: all. */
function passes({ kind, iid, sid }: Row, [proxy, type, server]: readonly string[], servers: Servers): boolean {
  if (proxy === undefined) return true;
  const number = /^-?\d+$/.test(proxy)
    ? Number(proxy)
    : FIRST_PROXY + servers.services.indexOf(servers.service(proxy, 'No such proxy.'));
  const types = Number(type ?? -1);
  const id = Number(server ?? -1);
  return (number === -1 || number === iid) && (types & TYPE_BITS[kind]) !== 0 && (id === -1 || id === sid);
}

function hidden({ kind, values }: Row, options: ReadonlySet<string>): boolean {
  if (kind !== 'S') return false;
  const status = String(values.status);
  return (options.has('no-maint') && status === 'MAINT') || (options.has('up') && /^(DOWN|MAINT)/.test(status));
}
