// Writes the generated part of docs/real-services.md from what the last run of `npm run test:e2e` saw.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeBetween } from '../bench/markers.ts';
import { SEEN_FOLDER, type SeenRow } from '../test/fixtures/seen.ts';

const files = existsSync(SEEN_FOLDER) ? readdirSync(SEEN_FOLDER).sort() : [];
const rows = files.map((file) => JSON.parse(readFileSync(join(SEEN_FOLDER, file), 'utf8')) as SeenRow);
const parts = rows.map(({ title, test, packages, seen }) =>
  [
    `### ${title}`,
    `[${test}](../test/e2e/${test}.test.ts), with ${packages.join(', ')}.`,
    seen.map((sentence) => `- ${sentence}`).join('\n'),
  ].join('\n\n'),
);
console.log(writeBetween('docs/real-services.md', 'real-services', `\n${parts.join('\n\n')}\n`));
