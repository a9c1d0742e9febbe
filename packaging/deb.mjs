// A deb from the staged tree, by dpkg-deb.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ABOUT, DOC, FILES, ROOT } from './description.mjs';
import { sourceTime } from './stage.mjs';

const ARCH = { x64: 'amd64', arm64: 'arm64' };

/** Adds Debian's own parts to the tree under `root` and writes the package into `out`; answers its path. */
export function makeDeb(root, arch, out, level) {
  const doc = join(root, DOC);
  writeFileSync(join(doc, 'copyright'), copyright());
  writeFileSync(join(doc, 'changelog.Debian.gz'), gzip(changelog()));
  writeFileSync(join(doc, 'changelog.gz'), gzip(readFileSync(join(ROOT, 'CHANGELOG.md'))));
  const page = join(root, 'usr/share/man/man1/chargehand.1');
  writeFileSync(`${page}.gz`, gzip(readFileSync(page)));
  rmSync(page);
  const control = join(root, 'DEBIAN');
  mkdirSync(control);
  writeFileSync(join(control, 'control'), controlFile(root, arch));
  const kept = FILES.filter(([, , , kind]) => kind === 'config').map(([, to]) => to);
  writeFileSync(join(control, 'conffiles'), `${kept.join('\n')}\n`);
  script(control, 'postinst', 'postinst.sh', '[ "$1" = configure ] || exit 0');
  script(control, 'prerm', 'prerm.sh', '[ "$1" = remove ] || exit 0');
  script(control, 'postrm', 'postrm.sh', '[ "$1" = purge ] && rm -rf /var/lib/chargehand');
  const file = join(out, `${ABOUT.name}_${ABOUT.version}-${ABOUT.release}_${ARCH[arch]}.deb`);
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(sourceTime()) };
  const compression = level === 0 ? ['-Znone'] : ['-Zxz', `-z${level}`];
  const args = ['--root-owner-group', ...compression, '--build', root, file];
  execFileSync('dpkg-deb', args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  return file;
}

function script(control, name, source, when) {
  const text = readFileSync(join(ROOT, 'packaging', 'files', source), 'utf8');
  writeFileSync(join(control, name), `#!/bin/sh\nset -e\n${when}\n${text}`, { mode: 0o755 });
}

function controlFile(root, arch) {
  const kilobytes = execFileSync('du', ['-sk', '--apparent-size', root], { encoding: 'utf8' }).split('\t')[0];
  return `Package: ${ABOUT.name}
Version: ${ABOUT.version}-${ABOUT.release}
Architecture: ${ARCH[arch]}
Maintainer: ${ABOUT.maintainer}
Installed-Size: ${kilobytes}
Depends: libc6 (>= 2.28), libstdc++6 (>= 8)
Recommends: systemd
Suggests: curl, keepalived
Section: net
Priority: optional
Homepage: ${ABOUT.homepage}
Description: ${ABOUT.summary}
${ABOUT.description.map((line) => ` ${line}`).join('\n')}
`;
}

function copyright() {
  const licence = readFileSync(join(ROOT, 'LICENSE'), 'utf8').trim();
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: ${ABOUT.name}
Source: ${ABOUT.homepage}

Files: *
Copyright: 2026 The chargehand developers
License: ${ABOUT.license}
${licence
  .split('\n')
  .map((line) => ` ${line.trim() === '' ? '.' : line}`)
  .join('\n')}
Comment: The libraries and the runtime under /usr/lib/chargehand have licences
 of their own: /usr/share/doc/chargehand/THIRD_PARTY_LICENSES
`;
}

function changelog() {
  const when = new Date(sourceTime() * 1000).toUTCString().replace('GMT', '+0000');
  return `${ABOUT.name} (${ABOUT.version}-${ABOUT.release}) stable; urgency=medium

  * See changelog.gz.

 -- ${ABOUT.maintainer}  ${when}
`;
}

/** Without name and time, so that the same text gives the same bytes. */
function gzip(text) {
  return gzipSync(text, { level: 9 });
}
