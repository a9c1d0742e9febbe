// Builds the status page into a folder: one script and one style sheet, with the chart library inside, and the two files
// that are taken as they are. Nothing in it is loaded from elsewhere.

import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = new URL('../', import.meta.url);
const path = (name) => fileURLToPath(new URL(name, root));

export async function buildWeb(folder) {
  mkdirSync(folder, { recursive: true });
  // Its licence asks that its notice goes along; "*/" would end the comment.
  const licence = readFileSync(path('node_modules/uplot/LICENSE'), 'utf8').replaceAll('*/', '* /');
  await build({
    entryPoints: [path('web/page.ts')],
    outdir: folder,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    banner: { js: `/*! With uPlot:\n${licence}*/` },
    logLevel: 'warning',
  });
  for (const file of ['index.html', 'icon.svg']) copyFileSync(path(`web/${file}`), `${folder}/${file}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildWeb(process.argv[2] ?? path('dist/web'));
