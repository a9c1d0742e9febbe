// Builds dist/ from scratch: no file of an earlier layout can linger in a package.
import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
execFileSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
chmodSync('dist/src/main.js', 0o755);
