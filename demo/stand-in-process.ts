// A stand-in seen from outside: what to start it with, and the child process that it is. Does not start it again when it
// dies; whoever started it decides that.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../src/config/config.ts';
import { TRANSPORTS } from './answers.ts';
import type { Fault } from './faults.ts';

export interface StandInPlan {
  readonly name: string;
  readonly address: string;
  readonly lbName: string;
  /** Whether it is the node that signs Puppet's certificates. */
  readonly signs: boolean;
  /** The port of each service it serves. */
  readonly ports: Readonly<Record<string, number>>;
  /** In which ways it answers wrongly; default: none. */
  readonly wrong?: readonly Fault[];
}

export interface RunningStandIn {
  readonly pid: number;
  /** Settles when it has ended, whoever ended it: `exit code 1`, `SIGKILL`. */
  readonly ended: Promise<string>;
  /** Stops it and waits until it is gone. */
  close(): Promise<void>;
}

/** What stands behind a configuration, node by node. puppet-ca is no port of its own: it reaches puppet's. */
export function standInsFor(config: Config): readonly StandInPlan[] {
  return config.nodes.map(({ name, host }) => {
    const ports = config.services.flatMap(({ name: service, backends }) => {
      const port = backends.find(({ node }) => node === name)?.port;
      return TRANSPORTS[service] === undefined || port === undefined ? [] : [[service, port] as const];
    });
    const lbName = config.name ?? 'smartproxy.example.test';
    return { name, address: host, lbName, signs: config.caNode === name, ports: Object.fromEntries(ports) };
  });
}

/** Starts one and waits until all its ports listen. Rejects with one line that says why they don't. */
export async function startStandIn(
  plan: StandInPlan,
  certificates: string,
  program = fileURLToPath(new URL(`./stand-in${extname(import.meta.url)}`, import.meta.url)),
): Promise<RunningStandIn> {
  const ports = Object.entries(plan.ports).flatMap(([service, port]) => ['--port', `${service}=${port}`]);
  const wrong = (plan.wrong ?? []).flatMap((fault) => ['--wrong', fault]);
  const names = ['--name', plan.name, '--address', plan.address, '--lb', plan.lbName, '--certificates', certificates];
  // A session of its own: a Ctrl-C in the terminal is for the demo alone, which stops its children in the right order.
  const child = fork(program, [...names, ...(plan.signs ? ['--signs'] : []), ...wrong, ...ports], { detached: true });
  let failure: string | undefined;
  const ready = new Promise<void>((resolve) => {
    child.on('message', (message: { readonly ready?: true; readonly failed?: string }) => {
      failure = message.failed;
      if (message.ready) resolve();
    });
  });
  const ended = once(child, 'exit').then(([code, signal]) => (signal === null ? `exit code ${code}` : `${signal}`));
  const early = await Promise.race([ready, ended]);
  if (early !== undefined || child.pid === undefined) throw new Error(`${plan.name}: ${failure ?? early}`);
  return {
    pid: child.pid,
    ended,
    async close() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
