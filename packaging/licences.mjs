// The licences of everything that a package carries besides our own code, in one file.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { libraries } from './libraries.mjs';

/** Of the libraries in `home`, and of the runtime where it comes with one: `runtimeLicence` is the file of that. */
export function writeLicences(home, file, runtimeLicence) {
  const texts = libraries(home).map(({ name, version, license, folder }) => {
    const own = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
    const text =
      own === undefined ? `(no licence file; its package says ${license})` : readFileSync(join(folder, own), 'utf8');
    return `== ${name} ${version} (${license})\n\n${text.trim()}\n`;
  });
  if (runtimeLicence !== undefined) {
    texts.push(`== Node.js\n\n${readFileSync(runtimeLicence, 'utf8').trim()}\n`);
  }
  writeFileSync(file, `${texts.join('\n\n')}`);
}
