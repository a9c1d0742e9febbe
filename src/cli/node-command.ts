// What `drain`, `maint` and `ready` have in common: one node, one order, and the wait for its last session. A command that
// is interrupted while it waits has changed nothing by that: the order stands.

import { DURATION_PATTERN, LONGEST_MS, parseDuration } from '../config/duration.ts';
import type { AdminClient } from '../control/admin-client.ts';
import type { StatusAnswer } from '../control/admin-status.ts';
import type { NodeOutcome } from '../control/operator.ts';
import type { AdminState } from '../core/backend.ts';
import { systemClock } from '../core/clock.ts';
import { printable } from '../core/printable.ts';
import { ChargehandError } from '../errors.ts';
import { type Argument, flagOption, type Given, listOption, type Option, textOption, wrongUsage } from './command.ts';
import { EXIT, type Host } from './host.ts';
import { checkNames } from './known-names.ts';
import { operatorClient, SOCKET_OPTION } from './operator-client.ts';
import { counted } from './units.ts';

export const NODE_ARGUMENT: Argument = { name: 'node', description: 'its name in the file' };

const SERVICE: Option = {
  flags: '--service <name>',
  description: 'in this service only; again for one more (default: the whole machine)',
  repeatable: true,
};

export const READY_OPTIONS: readonly Option[] = [SERVICE, SOCKET_OPTION];
export const OUT_OPTIONS: readonly Option[] = [
  SERVICE,
  { flags: '--within <duration>', description: 'end what still runs after this time, as 10m' },
  { flags: '--close-over <duration>', description: 'then end one after the other over this time, as 60s' },
  { flags: '--wait', description: 'return when its last session has ended; exit 1 if it has not in time' },
  SOCKET_OPTION,
];

const POLL_MS = 500;
/** What a session may take to close after it was told to. */
const GRACE_MS = 15_000;

/** Sets the node; with `--wait`, waits. Answers the exit code. */
export async function orderNode(state: AdminState, given: Given, host: Host): Promise<number> {
  const [node = ''] = given.arguments;
  const within = textOption(given, 'within');
  const closeOver = textOption(given, 'closeOver');
  if (closeOver !== undefined && within === undefined) {
    throw wrongUsage('--close-over ends no session without --within: give both');
  }
  const patience =
    within === undefined ? undefined : duration(within, 'within') + duration(closeOver ?? '0s', 'close-over');
  const services = listOption(given, 'service');
  const client = await operatorClient(given);
  const outcome = (await client
    .ask('POST', `/v1/nodes/${encodeURIComponent(node)}`, {
      state,
      ...(services === undefined ? {} : { services }),
      ...(within === undefined ? {} : { within }),
      ...(closeOver === undefined ? {} : { close_over: closeOver }),
    })
    .catch(async (error) => {
      // What runs says so, too; which names there are is asked here.
      if (error instanceof ChargehandError && error.code === 'not-found') await checkNames(client, { node, services });
      throw error;
    })) as NodeOutcome;
  for (const warning of outcome.warnings) host.tell(`chargehand: warning: ${warning}\n`);
  const where = services === undefined ? 'in all its services' : `in ${services.join(', ')}`;
  const left = state === 'ready' ? '' : `, ${counted(outcome.sessions, 'session')} on it`;
  host.write(`${node}: ${state} ${where} (${outcome.services.join(', ') || 'it serves none'})${left}\n`);
  if (!flagOption(given, 'wait')) return EXIT.done;
  return await lastSession(client, outcome, state, patience, host);
}

async function lastSession(
  client: AdminClient,
  { node, services }: NodeOutcome,
  state: AdminState,
  patienceMs: number | undefined,
  host: Host,
): Promise<number> {
  const deadline = patienceMs === undefined ? Number.POSITIVE_INFINITY : systemClock.now() + patienceMs + GRACE_MS;
  let told = false;
  for (;;) {
    const status = (await client.ask('GET', '/v1/status')) as StatusAnswer;
    const backends = status.services
      .filter((service) => services.includes(service.service))
      .flatMap((service) => service.backends.filter((backend) => backend.node === node));
    const left = backends.reduce((sum, backend) => sum + backend.sessions, 0);
    const other = backends.find((backend) => backend.admin.state !== state);
    if (other !== undefined) return gaveUp(host, `${node} was set to ${other.admin.state} meanwhile`);
    const { predecessor } = status.program;
    if (left === 0 && predecessor === null) {
      host.write(`${node}: its last session has ended\n`);
      return EXIT.done;
    }
    if (left === 0 && !told) {
      told = true;
      host.write(`waiting for process ${predecessor}, from before the upgrade: its sessions may be on ${node}\n`);
    }
    if (systemClock.now() >= deadline) {
      const what =
        left > 0 ? `${counted(left, 'session')} on ${node}` : `process ${predecessor}, from before the upgrade,`;
      return gaveUp(host, `${what} did not end in time`);
    }
    await new Promise<void>((resolve) => void systemClock.after(POLL_MS, resolve));
  }
}

function gaveUp(host: Host, why: string): number {
  host.tell(`chargehand: ${why}\n`);
  return EXIT.failed;
}

function duration(text: string, option: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  const most = `${Math.floor(LONGEST_MS / 3_600_000)}h`;
  throw wrongUsage(
    new RegExp(DURATION_PATTERN).test(text)
      ? `--${option} ${text} is too long: ${most} at most`
      : `--${option} ${printable(text)} is no duration: write 30s, 10m or 2h`,
  );
}
