// `chargehand upgrade`.

import type { Command } from './command.ts';
import { EXIT } from './host.ts';
import { operatorClient, SOCKET_OPTION } from './operator-client.ts';

export const upgrade: Command = {
  name: 'upgrade',
  summary: 'start the installed version on the listening sockets and let the running one drain',
  details: [
    'No attempt to connect is refused, and running sessions stay with the process that has them until they end or ' +
      'timeouts.drain is over; `status`, `sessions` and `drain` know only those of the new one. A new process that does not ' +
      'become ready changes nothing. The same by SIGUSR2.',
  ],
  options: [SOCKET_OPTION],
  async run(given, host) {
    const client = await operatorClient(given);
    const { pid } = (await client.ask('POST', '/v1/upgrade', {})) as { pid: number };
    host.write(`process ${pid} has taken over; the one before lets its sessions finish\n`);
    return EXIT.done;
  },
};
