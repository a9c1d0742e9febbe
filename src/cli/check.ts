// `chargehand check`.

import { formatProblem } from '../errors.ts';
import { type Command, flagOption } from './command.ts';
import { problemsOf } from './config-problems.ts';
import { EXIT } from './host.ts';

export const check: Command = {
  name: 'check',
  summary: 'validate a configuration file; silent where all is well',
  options: [{ flags: '--strict', description: 'warnings fail too' }],
  async run(given, host) {
    const problems = await problemsOf(given.config);
    for (const problem of problems) host.tell(`${formatProblem(problem)}\n`);
    const bad = problems.some((p) => p.severity === 'error' || flagOption(given, 'strict'));
    return bad ? EXIT.failed : EXIT.done;
  },
};
