// Writes man/chargehand.1 and completions/ from the table of commands: npm run man

import { mkdirSync, writeFileSync } from 'node:fs';
import { COMMANDS } from '../src/cli/commands.ts';
import { bashCompletion, zshCompletion } from '../src/cli/completions.ts';
import { manPage } from '../src/cli/man-page.ts';

const root = new URL('../', import.meta.url);
for (const [file, text] of [
  ['man/chargehand.1', manPage(COMMANDS)],
  ['completions/chargehand.bash', bashCompletion(COMMANDS)],
  ['completions/_chargehand', zshCompletion(COMMANDS)],
] as const) {
  mkdirSync(new URL('.', new URL(file, root)), { recursive: true });
  writeFileSync(new URL(file, root), text);
}
