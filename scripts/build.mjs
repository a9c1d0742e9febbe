// Builds dist/ from scratch: no file of an earlier layout can linger in a package. Then the status page, and the native
// relay for this machine, where there is a C compiler; where there is none, it says so.

import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
import { buildNative, ownTarget } from './build-native.mjs';
import { buildWeb } from './build-web.mjs';

rmSync('dist', { recursive: true, force: true });
execFileSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
chmodSync('dist/src/main.js', 0o755);
await buildWeb('dist/web');
buildNative([ownTarget()], (line) => console.error(`build: ${line}`));
