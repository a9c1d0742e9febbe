// The files of the status page, as the build left them: a closed list, read once into memory. No path of a request ever
// reaches the file system.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Answer } from './page-answer.ts';

const FILES: Readonly<Record<string, readonly [file: string, type: string]>> = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/page.js': ['page.js', 'text/javascript; charset=utf-8'],
  '/page.css': ['page.css', 'text/css; charset=utf-8'],
  '/icon.svg': ['icon.svg', 'image/svg+xml'],
};

/** Beside the build; the sources, run as they are, take the one of the last build. */
export const BUILT_PAGE = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/web/' : '../../web/', import.meta.url),
);

/** Path → answer; empty where the page was not built. */
export function readAssets(folder: string): ReadonlyMap<string, Answer> {
  const assets = new Map<string, Answer>();
  for (const [path, [file, type]] of Object.entries(FILES)) {
    try {
      const body = readFileSync(`${folder}/${file}`);
      assets.set(path, { status: 200, body, headers: { 'content-type': type } });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      return new Map();
    }
  }
  return assets;
}
