// Which libraries a package carries, by the lock file: those that the program imports, and those that are built into the
// status page.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './description.mjs';

/** As the lock file names them. */
const BUILT_IN = new Set(['node_modules/uplot']);

/** Name, version, licence and folder of each: of those that are installed in `home`, and of those built in. */
export function libraries(home) {
  const { packages } = JSON.parse(readFileSync(join(home, 'package-lock.json'), 'utf8'));
  return Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && (!dev || BUILT_IN.has(path)))
    .map(([path, { version, license, dev }]) => {
      const name = path.replace(/^.*node_modules\//, '');
      return { name, version, license, folder: join(dev ? ROOT : home, path) };
    })
    .filter(({ folder }) => existsSync(folder));
}
