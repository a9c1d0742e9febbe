// An rpm from the staged tree, by rpmbuild.

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ABOUT, DOC, FILES, HOME, LINKS, ROOT } from './description.mjs';
import { sourceTime } from './stage.mjs';

const ARCH = { x64: 'x86_64', arm64: 'aarch64' };

/** Writes the package of the tree under `root` into `out`, working in `folder`; answers its path. */
export function makeRpm(root, arch, out, { folder, level }) {
  mkdirSync(folder, { recursive: true });
  const doc = join(root, DOC);
  copyFileSync(join(ROOT, 'LICENSE'), join(doc, 'LICENSE'));
  const spec = join(folder, 'chargehand.spec');
  writeFileSync(spec, specFile(root));
  const defines = {
    _topdir: folder,
    _rpmdir: folder,
    _buildhost: 'localhost',
    use_source_date_epoch_as_buildtime: '1',
    clamp_mtime_to_source_date_epoch: '1',
    // Every rpm since EL 6 reads it. The number of threads decides how it is cut: the same everywhere.
    _binary_payload: `w${level}T2.xzdio`,
    // The runtime is as its makers built it: no stripping, no byte compiling, no guessing of what it needs.
    __os_install_post: '%{nil}',
    debug_package: '%{nil}',
    _build_id_links: 'none',
  };
  const args = Object.entries(defines).flatMap(([name, value]) => ['--define', `${name} ${value}`]);
  execFileSync('rpmbuild', ['-bb', '--quiet', '--target', `${ARCH[arch]}-linux`, ...args, spec], {
    env: { ...process.env, SOURCE_DATE_EPOCH: String(sourceTime()) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const built = readdirSync(join(folder, ARCH[arch])).find((name) => name.endsWith('.rpm'));
  const file = join(out, built);
  copyFileSync(join(folder, ARCH[arch], built), file);
  return file;
}

function specFile(root) {
  const script = (name) => readFileSync(join(ROOT, 'packaging', 'files', name), 'utf8');
  const kept = FILES.filter(([, , , kind]) => kind === 'config').map(([, to]) => to);
  const paths = [...FILES.filter(([, , , kind]) => kind !== 'config'), ...LINKS].map(([, to]) => to);
  // The two folders are listed whole.
  const listed = paths.filter((path) => !path.startsWith(`${HOME}/`) && !path.startsWith(`${DOC}/`));
  const single = listed.map((path) => (path.includes('/man/') ? `${path}*` : path));
  return `Name: ${ABOUT.name}
Version: ${ABOUT.version}
Release: ${ABOUT.release}
Summary: ${ABOUT.summary}
License: ${ABOUT.license}
URL: ${ABOUT.homepage}
Requires: glibc >= 2.28, libstdc++ >= 8
Recommends: systemd
Suggests: curl, keepalived
AutoReqProv: no

%description
${ABOUT.description.join('\n')}

%install
cp -a ${root}/. %{buildroot}/

%post
${script('postinst.sh')}
%preun
[ "$1" = 0 ] || exit 0
${script('prerm.sh')}
%postun
[ "$1" = 0 ] || exit 0
${script('postrm.sh')}
%files
%defattr(-,root,root,-)
${kept.map((path) => `%config(noreplace) ${path}`).join('\n')}
%dir /etc/chargehand
${HOME}
${DOC}
${single.join('\n')}
`;
}
