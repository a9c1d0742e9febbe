// `chargehand completion bash|zsh`.

import { printable } from '../core/printable.ts';
import { type Command, wrongUsage } from './command.ts';
import { bashCompletion, zshCompletion } from './completions.ts';
import { EXIT } from './host.ts';

const SHELLS: Readonly<Record<string, (commands: readonly Command[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
};

/** The command, for these and itself. */
export function completionOf(others: readonly Command[]): Command {
  const completion: Command = {
    name: 'completion',
    summary: 'print the completion of this program for a shell: bash or zsh',
    details: ['The packages install it; elsewhere: source <(chargehand completion bash)'],
    arguments: [{ name: 'shell', description: 'bash or zsh' }],
    async run(given, host) {
      const [shell = ''] = given.arguments;
      const made = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
      if (made === undefined) {
        throw wrongUsage(`no completion for ${printable(shell)}: bash or zsh`);
      }
      host.write(made([...others, completion]));
      return EXIT.done;
    },
  };
  return completion;
}
