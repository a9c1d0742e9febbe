// `chargehand plan`.

import type { Plan } from '../control/reload.ts';
import { type Command, flagOption } from './command.ts';
import { EXIT } from './host.ts';
import { operatorClient, SOCKET_OPTION } from './operator-client.ts';
import { planLines } from './plan-text.ts';
import { refuseAnotherFile } from './running-file.ts';

export const plan: Command = {
  name: 'plan',
  summary: 'show what a reload would touch; changes nothing',
  details: [
    'Asks the running process to read the file that it was started with; -c with another one is refused. Running ' +
      'sessions are never touched; a gap is where an address can only be bound after another was closed.',
  ],
  examples: [['chargehand plan', 'before systemctl reload chargehand']],
  options: [SOCKET_OPTION, { flags: '--json', description: 'for machines' }],
  async run(given, host) {
    const client = await operatorClient(given);
    await refuseAnotherFile(client, given);
    const answer = (await client.ask('POST', '/v1/plan', {})) as Plan;
    if (flagOption(given, 'json')) host.write(`${JSON.stringify(answer)}\n`);
    else {
      for (const warning of answer.warnings) host.tell(`${warning}\n`);
      const lines = planLines(answer);
      host.write(lines.length === 0 ? 'a reload would change nothing\n' : `${lines.join('\n')}\n`);
      for (const guard of answer.guards) host.tell(`chargehand: a reload would be refused: ${guard}\n`);
    }
    return answer.guards.length === 0 ? EXIT.done : EXIT.failed;
  },
};
