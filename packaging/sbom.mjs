// The list of what a package is made of, in CycloneDX, from npm itself; with the runtime, which npm does not know of.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { ABOUT } from './description.mjs';
import { libraries } from './libraries.mjs';

/** `seconds`: the time it carries, so that the same sources give the same file. `nodeVersion`: where a runtime is inside. */
export function writeSbom(home, file, { seconds, nodeVersion } = {}) {
  // Of everything in the lock file, since npm 11's --omit=dev leaves out what a library for developers needs as well.
  const text = execFileSync('npm', ['sbom', '--package-lock-only', '--sbom-format=cyclonedx'], {
    cwd: home,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  const all = JSON.parse(text);
  const inside = new Set(libraries(home).map(({ name, version }) => `${name}@${version}`));
  const components = all.components
    .filter(({ name, version }) => inside.has(`${name}@${version}`))
    // What is built into the page is for developers only as npm sees it.
    .map((component) => ({ ...component, scope: 'required', properties: [] }));
  const refs = new Set([all.metadata.component['bom-ref'], ...components.map((component) => component['bom-ref'])]);
  const dependencies = all.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) }));
  const sbom = { ...all, metadata: metadata(all.metadata, seconds), components, dependencies };
  if (nodeVersion !== undefined) {
    sbom.components.push({
      type: 'application',
      name: 'node',
      version: nodeVersion,
      purl: `pkg:generic/node@${nodeVersion}`,
      licenses: [{ license: { id: 'MIT' } }],
    });
  }
  delete sbom.serialNumber;
  const hash = createHash('sha256').update(JSON.stringify(sbom)).digest('hex');
  const uuid = [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `5${hash.slice(13, 16)}`,
    `8${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ];
  writeFileSync(file, `${JSON.stringify({ ...sbom, serialNumber: `urn:uuid:${uuid.join('-')}` }, null, 2)}\n`);
}

/** Without what is only of the machine that builds: the folder's name, the time, npm's version. */
function metadata({ timestamp: _, component, ...more }, seconds) {
  return {
    ...(seconds === undefined ? {} : { timestamp: new Date(seconds * 1000).toISOString() }),
    ...more,
    tools: [{ vendor: 'npm', name: 'cli' }],
    component: { ...component, type: 'application', name: ABOUT.name },
  };
}
