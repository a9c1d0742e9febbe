// `chargehand reload`.

import type { ReloadOutcome } from '../control/reload.ts';
import { type Command, flagOption } from './command.ts';
import { EXIT } from './host.ts';
import { operatorClient, SOCKET_OPTION } from './operator-client.ts';
import { planLines } from './plan-text.ts';
import { refuseAnotherFile } from './running-file.ts';

export const reload: Command = {
  name: 'reload',
  summary: 'apply the changed file; waits, and shows the outcome',
  details: [
    'The running process reads the file that it was started with; -c with another one is refused. A file that is not ' +
      'valid, or an address that can not be bound, changes nothing. Running sessions go on.',
  ],
  options: [SOCKET_OPTION, { flags: '--force', description: 'past what a guard refuses: it says what is risked' }],
  async run(given, host) {
    const client = await operatorClient(given);
    await refuseAnotherFile(client, given);
    const outcome = (await client.ask('POST', '/v1/reload', { force: flagOption(given, 'force') })) as ReloadOutcome;
    for (const warning of outcome.plan?.warnings ?? []) host.tell(`${warning}\n`);
    for (const problem of outcome.problems) host.tell(`chargehand: ${problem}\n`);
    if (outcome.problems.length > 0) {
      host.tell('chargehand: not reloaded: what was in effect still is\n');
      return EXIT.failed;
    }
    for (const risk of outcome.plan?.guards ?? []) host.tell(`chargehand: forced: ${risk}\n`);
    const lines = outcome.plan === undefined ? [] : planLines(outcome.plan);
    host.write(lines.length === 0 ? 'nothing has changed\n' : `${lines.join('\n')}\n`);
    return EXIT.done;
  },
};
