// `chargehand upgrade`.

import type { Upgrade } from '../control/upgrade.ts';
import { type Command, flagOption } from './command.ts';
import { EXIT } from './host.ts';
import { operatorClient, SOCKET_OPTION } from './operator-client.ts';
import { planLines } from './plan-text.ts';
import { refuseAnotherFile } from './running-file.ts';

export const upgrade: Command = {
  name: 'upgrade',
  summary: 'start the installed version on the listening sockets and let the running one drain',
  details: [
    'No attempt to connect is refused, and running sessions stay with the process that has them until they end or ' +
      'timeouts.drain is over; `status`, `sessions` and `drain` know only those of the new one. A new process that does not ' +
      'become ready changes nothing. The same by SIGUSR2.',
    'The new process reads the file as it stands: what has changed since it was read last takes effect, and is shown.',
  ],
  options: [SOCKET_OPTION, { flags: '--force', description: 'past what a guard refuses: it says what is risked' }],
  async run(given, host) {
    const client = await operatorClient(given);
    await refuseAnotherFile(client, given);
    const { pid, plan } = (await client.ask('POST', '/v1/upgrade', { force: flagOption(given, 'force') })) as Upgrade;
    for (const risk of plan?.guards ?? []) host.tell(`chargehand: forced: ${risk}\n`);
    host.write(`process ${pid} has taken over; the one before lets its sessions finish\n`);
    // It is a restart, too: nothing waits for another.
    const lines = plan === null ? [] : planLines({ ...plan, other: [...plan.other, ...plan.restart], restart: [] });
    for (const line of lines) host.write(`${line}\n`);
    return EXIT.done;
  },
};
