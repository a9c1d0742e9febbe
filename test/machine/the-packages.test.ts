// What `npm run package` makes: the same bytes from the same commit wherever it is built, with everything that is promised
// inside.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { CACHE, missing, REPOSITORY } from '../fixtures/debian-root.ts';
import { buildPackages } from '../fixtures/our-packages.ts';

const why = missing({ 'dpkg-deb': 'dpkg', rpmbuild: 'rpm', rpm2cpio: 'rpm', cpio: 'cpio' }, 'lay out packages');
if (why !== undefined) {
  process.stderr.write(`not tried: ${why}\n`);
  t.pass(`not tried: ${why}`);
  process.exit(0);
}

t.setTimeout(900_000);

const folder = mkdtempSync(join(CACHE, 'unpacked-'));
const made = buildPackages({ kinds: ['deb', 'rpm'], level: 1 });
t.teardown(() => {
  for (const one of [folder, made.folder]) rmSync(one, { recursive: true, force: true });
});
const root = join(folder, 'deb');
execFileSync('dpkg-deb', ['-R', made.deb, root]);
const DOC = 'usr/share/doc/chargehand';
const doc = join(root, DOC);

t.test('the same commit gives the same bytes, whoever builds it', async (t) => {
  const env = { TZ: 'Pacific/Kiritimati', LC_ALL: 'C', HOSTNAME: 'elsewhere' };
  const again = buildPackages({ kinds: ['deb', 'rpm'], level: 1, env, umask: '077' });
  t.teardown(() => rmSync(again.folder, { recursive: true, force: true }));
  t.ok(readFileSync(made.deb).equals(readFileSync(again.deb)), 'deb');
  t.ok(readFileSync(made.rpm ?? '').equals(readFileSync(again.rpm ?? '')), 'rpm');
  const sums = execFileSync('sha256sum', ['--check', 'SHA256SUMS'], { cwd: made.folder, encoding: 'utf8' });
  t.equal(sums.match(/: OK$/gm)?.length, 2, 'and the checksums beside them are theirs');
});

t.test('lintian has nothing to say', async (t) => {
  const absent = missing({ lintian: 'lintian' }, 'look at it');
  if (absent !== undefined) {
    process.stderr.write(`not tried: ${absent}\n`);
    return;
  }
  const { stdout, stderr, status } = spawnSync('lintian', [made.deb], { encoding: 'utf8' });
  t.equal(stdout, '');
  t.equal(status, 0, stderr);
});

t.test('what an administrator looks for is where it is looked for', async (t) => {
  const wanted = [
    ...['usr/bin/chargehand', 'etc/chargehand/chargehand.yaml', 'usr/lib/chargehand/bin/node'],
    ...['usr/lib/systemd/system/chargehand.service', 'usr/lib/chargehand/systemd/notify-reload.conf'],
    ...['usr/lib/sysusers.d/chargehand.conf', 'usr/lib/tmpfiles.d/chargehand.conf'],
    ...['usr/lib/firewalld/services/chargehand.xml', 'usr/lib/chargehand/keepalived/check-chargehand'],
    'usr/share/bash-completion/completions/chargehand',
    // The one for Fedora and its children, the other for Debian and its.
    ...['usr/share/zsh/site-functions/_chargehand', 'usr/share/zsh/vendor-completions/_chargehand'],
    ...['examples/foreman-current.yaml', 'examples/systemd/chargehand-https.socket'].map((name) => `${DOC}/${name}`),
    ...['THIRD_PARTY_LICENSES', 'sbom.cdx.json', 'README.md', 'docs/installing.md'].map((name) => `${DOC}/${name}`),
  ];
  t.same(
    wanted.filter((path) => !existsSync(join(root, path))),
    [],
  );
  t.ok(readdirSync(join(root, 'usr/share/man/man1')).some((name) => /^chargehand\.1(\.gz)?$/.test(name)));
  const relay = `usr/lib/chargehand/prebuilds/linux-${process.arch}-glibc/relay.node`;
  t.ok(existsSync(join(root, relay)), relay);
});

t.test('deb and rpm hold the same files', async (t) => {
  const other = join(folder, 'rpm');
  execFileSync('sh', ['-c', `mkdir ${other} && cd ${other} && rpm2cpio ${made.rpm} | cpio --quiet -idm`]);
  // Each has its own place for its own papers.
  const own = ['changelog*', 'copyright', 'CHANGELOG.md', 'LICENSE', 'chargehand.1*', 'DEBIAN', '.build-id'];
  const diff = ['-r', '--brief', ...own.flatMap((name) => ['-x', name]), root, other];
  t.equal(spawnSync('diff', diff, { encoding: 'utf8' }).stdout, '');
});

t.test('everything belongs to root, and nobody else can write it', async (t) => {
  const listed = execFileSync('dpkg-deb', ['-c', made.deb], { encoding: 'utf8', maxBuffer: 1 << 24 })
    .trim()
    .split('\n');
  const wrong = listed.filter(
    (line) => !/^[-dl]rw[-x]r-[-x]r-[-x] root\/root /.test(line.replace(/^lrwxrwxrwx/, 'lrwxr-xr-x')),
  );
  t.same(wrong, []);
  t.equal(readFileSync(join(root, 'DEBIAN/conffiles'), 'utf8'), '/etc/chargehand/chargehand.yaml\n');
});

t.test('the libraries are those of the lock file, each with its licence', async (t) => {
  const { packages } = JSON.parse(readFileSync(join(REPOSITORY, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string; dev?: boolean; optional?: boolean; os?: string[] }>;
  };
  const wanted = Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true && existsSync(join(root, 'usr/lib/chargehand', path)))
    .map(([path, { version }]) => `${path.replace(/.*node_modules\//, '')} ${version}`);
  t.ok(wanted.length > 9, `${wanted.length} libraries`);
  // It is built into the status page.
  wanted.push(`uplot ${packages['node_modules/uplot']?.version}`);
  const licences = readFileSync(join(doc, 'THIRD_PARTY_LICENSES'), 'utf8');
  t.same(
    wanted.filter((one) => !licences.includes(`== ${one} (`)),
    [],
  );
  t.match(licences, /^== Node\.js$/m);
  const sbom = JSON.parse(readFileSync(join(doc, 'sbom.cdx.json'), 'utf8')) as {
    bomFormat: string;
    specVersion: string;
    metadata: { component: { name: string } };
    components: { name: string; version: string; purl: string; licenses?: unknown[] }[];
  };
  t.equal(sbom.bomFormat, 'CycloneDX');
  t.match(sbom.specVersion, /^1\.\d$/);
  t.equal(sbom.metadata.component.name, 'chargehand');
  t.same(
    wanted.filter((one) => !sbom.components.some(({ name, version }) => `${name} ${version}` === one)),
    [],
  );
  const node = sbom.components.find(({ name }) => name === 'node');
  const runs = execFileSync(join(root, 'usr/lib/chargehand/bin/node'), ['--version'], { encoding: 'utf8' }).trim();
  t.equal(`v${node?.version}`, runs, 'and the runtime that is inside');
  t.ok(sbom.components.every(({ purl }) => purl.startsWith('pkg:')));
});

t.test('one for arm64 is one for arm64', async (t) => {
  const arm = buildPackages({ kinds: ['deb'], arch: 'arm64', level: 0 });
  t.teardown(() => rmSync(arm.folder, { recursive: true, force: true }));
  t.match(execFileSync('dpkg-deb', ['-f', arm.deb, 'Architecture'], { encoding: 'utf8' }), /^arm64$/m);
  const there = join(folder, 'arm64');
  execFileSync('dpkg-deb', ['-x', arm.deb, there]);
  const home = join(there, 'usr/lib/chargehand');
  t.equal(machineOf(join(home, 'bin/node')), AARCH64);
  const relay = join(home, 'prebuilds/linux-arm64-glibc/relay.node');
  if (existsSync(relay)) t.equal(machineOf(relay), AARCH64);
  else t.comment('without the native relay: apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross');
  t.notOk(existsSync(join(home, 'prebuilds/linux-x64-glibc')), 'and nothing of another machine');
  t.ok(statSync(join(home, 'dist/src/main.js')).size > 0);
});

const AARCH64 = 183;

/** What the header of an ELF file says. */
function machineOf(file: string): number {
  return readFileSync(file).readUInt16LE(18);
}
