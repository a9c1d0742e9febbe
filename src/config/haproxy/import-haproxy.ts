// A haproxy.cfg in; our YAML, a list of remarks and what `--verify` needs out. The order of the steps; each is a file.

import { printable } from '../../core/printable.ts';
import { ConfigError, type Problem } from '../../errors.ts';
import { BUILT_IN_SERVICE } from '../built-in.ts';
import type { Config } from '../config.ts';
import { durationMs } from '../duration.ts';
import { parseConfig } from '../load.ts';
import { PROFILES } from '../profiles/profile.ts';
import type { RawFile } from '../raw.ts';
import { keysOf } from '../source.ts';
import { remarkKeywords } from './keywords.ts';
import { tidyName, unique } from './node-names.ts';
import { nodesOf, type Placed } from './nodes.ts';
import { otherSections } from './other-sections.ts';
import { entriesOf } from './profile-entries.ts';
import { modeOf, proxiesOf } from './proxy.ts';
import { type Recognised, recognise } from './recognise.ts';
import { type Remark, Remarks } from './remarks.ts';
import { readSections } from './sections.ts';
import { type ImportedService, importedService, type Pair, pairsOf, type Version } from './services.ts';
import { isStatsPage, statsPage } from './stats-page.ts';
import type { Environment } from './words.ts';
import { writeYaml } from './write.ts';

export interface ImportOptions extends Version {
  /** As the user named it. */
  readonly file: string;
  readonly environment: Environment;
}

/** Where nothing could be carried over, this many reasons are enough. */
const MOST_REASONS = 20;

/** Which of HAProxy's proxies and servers a service and its nodes came from. */
export interface Origin {
  readonly service: string;
  readonly backend: string;
  /** Server to node, in the order of the file; a server that was left out has none. */
  readonly servers: ReadonlyMap<string, string | undefined>;
  /** Where the file has each of them; no port: the one that the client dialled, or one beside it. */
  readonly places: ReadonlyMap<string, { readonly host: string; readonly port: number | undefined }>;
  readonly v4Mapped: boolean;
}

export interface Imported {
  readonly yaml: string;
  readonly config: Config;
  readonly remarks: readonly Remark[];
  /** Whether something that matters was lost. */
  readonly lost: boolean;
  readonly origins: readonly Origin[];
  /** Every proxy that the file has, whatever became of it. */
  readonly proxies: ReadonlySet<string>;
}

/** Throws ConfigError where nothing can be made of it. */
export function importHaproxy(text: string, options: ImportOptions): Imported {
  const remarks = new Remarks();
  const sections = readSections(text, options, remarks);
  const proxies = proxiesOf(sections, remarks);
  if (proxies === undefined)
    throw new ConfigError([problemIn(options.file, 0, 'has far more lines than can be carried over')]);
  let file = otherSections(sections, remarks);
  const pages = proxies.filter(isStatsPage);
  for (const page of pages) file = together(file, statsPage(page, file.http !== undefined, remarks));
  const others = proxies.filter((proxy) => !pages.includes(proxy));
  remarkKeywords(
    others.filter((proxy) => modeOf(proxy).mode === 'tcp'),
    remarks,
  );
  const pairs = pairsOf(others, remarks);
  const recognised = recognise(pairs);
  const services = namedServices(pairs, recognised, options, remarks);
  const { nodes: plain, placed } = nodesOf(services, remarks);
  if (placed.length === 0) throw new ConfigError(nothing(options.file, remarks));
  const { services: entries, nodes, caNode } = entriesOf(placed, plain, recognised, remarks);
  const whole: RawFile = {
    version: 1,
    ...(recognised === undefined ? {} : { profile: recognised.profile }),
    ...(caNode === undefined ? {} : { ca_node: caNode }),
    nodes: Object.fromEntries(
      [...nodes].map(([name, node]) => [name, Object.keys(node).length === 1 ? (node.address ?? '') : node]),
    ),
    services: entries,
    ...file,
  };
  const comments = new Map(placed.map(({ imported }) => [imported.name, `line ${imported.pair.front.line}`]));
  const yaml = writeYaml({ head: headOf(options.file, recognised), file: whole, comments });
  const config = valid(yaml, options.file, linesOf(placed));
  const origins = placed.map(originOf);
  return {
    yaml,
    config,
    remarks: remarks.list,
    lost: remarks.lostAny,
    origins,
    proxies: new Set(proxies.map(({ name }) => name)),
  };
}

/** Rows have the profile's names; the others their frontend's. */
function namedServices(
  pairs: readonly Pair[],
  recognised: Recognised | undefined,
  version: Version,
  remarks: Remarks,
): ImportedService[] {
  const taken = new Set<string>(recognised === undefined ? [] : PROFILES[recognised.profile].map(({ name }) => name));
  return pairs.map((pair) => {
    const row = recognised?.rows.get(pair);
    const name = row?.name ?? unique(tidyName(pair.front.name) ?? 'service', taken);
    taken.add(name);
    const idle = row?.service.timeouts?.idle ?? BUILT_IN_SERVICE.timeouts.idle;
    return importedService(name, pair, version, durationMs(idle), remarks);
  });
}

/** A second page, or a second socket, adds nothing. */
function together(file: RawFile, more: RawFile): RawFile {
  const haproxy = { ...more.haproxy, ...file.haproxy };
  return { ...more, ...file, ...(Object.keys(haproxy).length === 0 ? {} : { haproxy }) };
}

function headOf(file: string, recognised: Recognised | undefined): string[] {
  const what = recognised === undefined ? '' : `, with the profile ${recognised.profile} and what differs from it`;
  return [`Made of ${printable(file)} by chargehand import${what}.`];
}

/** What is written must be valid; what HAProxy would not have taken either comes out here. */
function valid(yaml: string, file: string, lines: ReadonlyMap<string, number>): Config {
  try {
    return parseConfig(yaml, file, (pointer) => lines.get(keysOf(pointer).slice(0, 2).join(' ')) ?? 0).config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const faults = error.problems.filter(({ severity }) => severity === 'error');
    throw new ConfigError(
      faults.map((problem) => ({ ...problem, message: `can't be carried over as it stands: ${problem.message}` })),
    );
  }
}

/** Of each service and node, the line of haproxy.cfg that it was made of. */
function linesOf(placed: readonly Placed[]): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  for (const { imported, ofServer } of placed) {
    lines.set(`services ${imported.name}`, imported.pair.front.line);
    for (const [{ line }, node] of ofServer) lines.set(`nodes ${node}`, lines.get(`nodes ${node}`) ?? line);
  }
  return lines;
}

function nothing(file: string, remarks: Remarks): Problem[] {
  const lost = remarks.list.filter(({ kind }) => kind === 'lost').slice(0, MOST_REASONS);
  return [
    ...lost.map(({ line, message }) => problemIn(file, line, message)),
    problemIn(file, 0, 'there is no service in mode tcp here that could be carried over'),
  ];
}

function originOf({ imported, ofServer }: Placed): Origin {
  const { pair, name } = imported;
  return {
    service: name,
    backend: pair.back.name,
    servers: new Map(pair.servers.map((server) => [server.name, ofServer.get(server)])),
    places: new Map(pair.servers.map(({ name, host, port }) => [name, { host, port: plainPort(port) }])),
    v4Mapped: pair.binds.v4Mapped,
  };
}

function plainPort(text: string): number | undefined {
  return /^[0-9]+$/.test(text) ? Number(text) : undefined;
}

function problemIn(file: string, line: number, message: string): Problem {
  return { severity: 'error', file, line, column: 1, path: '', message };
}
