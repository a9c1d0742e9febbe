// What `show info` tells of the process, by HAProxy's names, with the types and tags of its typed form.

import type { Value } from './rows.ts';

/** Of the process, and of all its services together. */
export interface ProcessFacts {
  readonly version: string;
  readonly hostName: string;
  readonly pid: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly uptimeMs: number;
  readonly threads: number;
  /** undefined: it can't be read. */
  readonly openFilesLimit: number | undefined;
  readonly sessionLimit: number;
  readonly sessions: number;
  readonly connections: number;
  readonly connectionRate: number;
  readonly mostConnectionRate: number;
  readonly bytesOut: number;
  readonly bytesOutRate: number;
  readonly listeners: number;
  readonly stopping: boolean;
  readonly droppedLogLines: number;
  /** Of the thread that decides: how much of its time it waits, in per cent. */
  readonly idlePercent: number;
}

export interface InfoField {
  readonly name: string;
  /** Three letters, a colon and the type, as in columns.ts. */
  readonly tags: string;
  readonly value: Value;
}

/** Whose columns and commands these are. Tools look at the version to see which commands they may use. */
const SPOKEN = '3.4.0';

/** `3.4.0-chargehand-0.1.0`. */
export function spokenVersion(version: string): string {
  return `${SPOKEN}-chargehand-${version}`;
}

export function infoFields(facts: ProcessFacts): readonly InfoField[] {
  const files = facts.openFilesLimit ?? 0;
  const seconds = Math.floor(facts.uptimeMs / 1000);
  const fields: readonly (readonly [name: string, tags: string, value: Value])[] = [
    ['Name', 'POS:str', 'chargehand'],
    ['Version', 'POS:str', spokenVersion(facts.version)],
    // It has to be there for tools to read the rest; which day a version came is not known here.
    ['Release_date', 'POS:str', '-'],
    ['Nbthread', 'CGS:u32', facts.threads],
    ['Nbproc', 'CGS:u32', 1],
    ['Process_num', 'KGP:u32', 1],
    ['Pid', 'SGP:u32', facts.pid],
    ['Uptime', 'MDP:str', uptime(seconds)],
    ['Uptime_sec', 'MDP:u32', seconds],
    ['Memmax_MB', 'CLP:u32', 0],
    ['PoolAlloc_MB', 'MGP:u32', 0],
    ['PoolUsed_MB', 'MGP:u32', 0],
    ['PoolFailed', 'MCP:u32', 0],
    ['Ulimit-n', 'CLP:u32', files],
    ['Maxsock', 'CLP:u32', files],
    ['Maxconn', 'CLP:u32', facts.sessionLimit],
    ['Hard_maxconn', 'CLP:u32', facts.sessionLimit],
    ['CurrConns', 'MGP:u32', facts.sessions],
    ['CumConns', 'MCP:u32', facts.connections],
    ['CumReq', 'MCP:u32', facts.connections],
    ['Maxpipes', 'CLP:u32', 0],
    ['PipesUsed', 'MGP:u32', 0],
    ['PipesFree', 'MGP:u32', 0],
    ['ConnRate', 'MRP:u32', facts.connectionRate],
    ['ConnRateLimit', 'CLP:u32', 0],
    ['MaxConnRate', 'MMP:u32', facts.mostConnectionRate],
    ['SessRate', 'MRP:u32', facts.connectionRate],
    ['SessRateLimit', 'CLP:u32', 0],
    ['MaxSessRate', 'MRP:u32', facts.mostConnectionRate],
    ['Tasks', 'MGP:u32', facts.sessions],
    ['Run_queue', 'MGP:u32', 0],
    ['Idle_pct', 'MaP:u32', facts.idlePercent],
    ['node', 'COS:str', facts.hostName],
    ['Stopping', 'MGP:u32', facts.stopping ? 1 : 0],
    ['Jobs', 'MGP:u32', facts.sessions + facts.listeners],
    ['Unstoppable Jobs', 'MGP:u32', 0],
    ['Listeners', 'MGP:u32', facts.listeners],
    ['DroppedLogs', 'MGP:u32', facts.droppedLogLines],
    ['BusyPolling', 'MGP:u32', 0],
    ['FailedResolutions', 'MGP:u32', 0],
    ['TotalBytesOut', 'MGP:u64', facts.bytesOut],
    ['TotalSplicdedBytesOut', 'MGP:u64', 0],
    ['BytesOutRate', 'MRP:u64', facts.bytesOutRate],
    ['CumRecvLogs', 'MCP:u32', 0],
    ['Build info', 'POS:str', `chargehand ${facts.version}`],
    ['Memmax_bytes', 'CLP:u32', 0],
    ['PoolAlloc_bytes', 'MGP:u64', 0],
    ['PoolUsed_bytes', 'MGP:u64', 0],
    ['Start_time_sec', 'MDP:u32', Math.floor(facts.startedAt / 1000)],
    ['Tainted', 'SGP:str', '0'],
  ];
  return fields.map(([name, tags, value]) => ({ name, tags, value }));
}

/** `0d 0h03m26s`. */
function uptime(seconds: number): string {
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60),
  ];
  return `${days}d ${hours}h${two(minutes % 60)}m${two(seconds % 60)}s`;
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}
