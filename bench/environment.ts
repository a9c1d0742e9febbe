// What the figures depend on besides the programs: the machine, the kernel's settings, the versions.

import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { firstLine, pinned } from './children.ts';
import { found } from './found.ts';

export type Environment = Readonly<Record<string, string>>;

function setting(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim().replace(/\s+/g, ' ');
  } catch {
    return 'unknown';
  }
}

async function version(command: readonly string[]): Promise<string> {
  return found(command[0] ?? '') ? firstLine(command) : 'not installed';
}

function descriptorLimit(): string {
  return /Max open files\s+(\d+)/.exec(setting('/proc/self/limits'))?.[1] ?? 'unknown';
}

export async function environment(nodeVersion: string, compiler: string): Promise<Environment> {
  const processors = cpus();
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    commit: await firstLine(['git', 'describe', '--always', '--dirty']),
    machine: `${processors[0]?.model.trim() ?? 'unknown'}, ${processors.length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: release(),
    'congestion control': setting('/proc/sys/net/ipv4/tcp_congestion_control'),
    'local ports': setting('/proc/sys/net/ipv4/ip_local_port_range'),
    descriptors: descriptorLimit(),
    cores: pinned ? 'proxy on core 0; load and backend on core 1' : 'not pinned (one core, or no taskset)',
    Node: nodeVersion,
    HAProxy: (await version(['haproxy', '-v'])).replace(/^HAProxy version (\S+).*/, '$1'),
    nginx: (await version(['nginx', '-v'])).replace(/^.*nginx\//, ''),
    compiler: await firstLine([compiler, '--version']),
    'load before the run': loadavg()[0]?.toFixed(2) ?? '',
  };
}
