// Writes config/schema.json, the JSON Schema that editors use, from src/config/schema.ts:
// node --import=tsx scripts/write-schema.ts

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SCHEMA } from '../src/config/schema.ts';

const root = new URL('../', import.meta.url);
const file = fileURLToPath(new URL('config/schema.json', root));
writeFileSync(file, `${JSON.stringify(SCHEMA)}\n`);
execFileSync(fileURLToPath(new URL('node_modules/.bin/biome', root)), ['format', '--write', file], {
  stdio: 'inherit',
});
