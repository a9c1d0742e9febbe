// The programs of this folder as plain JavaScript in .cache/: an episode starts a handful of them, and compiling each anew
// would cost more than it does.

import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const FOLDER = resolve('.cache', 'chaos');

export async function builtPrograms(): Promise<(name: string) => string> {
  await build({
    entryPoints: ['one', 'soak-one', 'node'].map((name) => join(import.meta.dirname, `${name}.ts`)),
    outdir: FOLDER,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  });
  return (name) => join(FOLDER, `${name}.js`);
}
