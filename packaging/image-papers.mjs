// What the container image carries for those who ask what is in it: our licence, those of the libraries, and the SBOM. The
// runtime and what is below it are the base image's, which says so itself. In a folder with all libraries installed:
//   node packaging/image-papers.mjs FOLDER

import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './description.mjs';
import { writeLicences } from './licences.mjs';
import { writeSbom } from './sbom.mjs';

const [, , folder] = process.argv;
mkdirSync(folder, { recursive: true });
copyFileSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
writeLicences(ROOT, join(folder, 'THIRD_PARTY_LICENSES'));
writeSbom(ROOT, join(folder, 'sbom.cdx.json'));
