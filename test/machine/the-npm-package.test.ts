// What `npm pack` makes: what it should hold and no more, and it runs by npx.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { REPOSITORY } from '../fixtures/debian-root.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';

const MOST_BYTES = 1_000_000;

/** Every file of it is one of these. */
const HELD = [
  /^(package\.json|README\.md|CHANGELOG\.md|SECURITY\.md|LICENSE)$/,
  /^dist\/src\/([a-z-]+\/)*[a-z0-9-]+\.(js|d\.ts)$/,
  /^dist\/web\/[a-z]+\.(html|css|js|svg)$/,
  /^prebuilds\/linux-(x64|arm64)-(glibc|musl)\/relay\.node$/,
  /^config\/[a-z0-9-]+\.(yaml|json)$/,
  /^docs\/([a-z]+\/)?[a-z0-9-]+\.(md|svg|png)$/,
  /^man\/chargehand\.1$/,
  /^completions\/(_chargehand|chargehand\.bash)$/,
  /^systemd\/(examples\/)?[a-z-]+\.(service|socket|conf)$/,
  /^deploy\/[a-z]+\/[a-z-]+(\.[a-z]+)?$/,
];

const WANTED = [
  ...['dist/src/main.js', 'dist/src/index.js', 'dist/src/index.d.ts', 'dist/web/index.html', 'config/schema.json'],
  ...['man/chargehand.1', 'completions/chargehand.bash', 'systemd/chargehand.service', 'docs/installing.md'],
  ...[
    'README.md',
    'CHANGELOG.md',
    'SECURITY.md',
    'LICENSE',
    'completions/_chargehand',
    'deploy/keepalived/keepalived.conf',
  ],
];

t.setTimeout(300_000);
const folder = temporaryFolder(t);
// A cache of its own: nothing comes from what this machine had before.
const env = { ...process.env, NODE_OPTIONS: '', npm_config_cache: join(folder, 'cache') };
const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
const [made] = JSON.parse(execFileSync('npm', pack, { cwd: REPOSITORY, encoding: 'utf8', env })) as [
  { filename: string; size: number; files: { path: string; mode: number }[] },
];
const paths = made.files.map(({ path }) => path);

t.test('it holds what it should and no more', async (t) => {
  t.same(
    paths.filter((path) => !HELD.some((kind) => kind.test(path))),
    [],
    'nothing else',
  );
  t.same(
    WANTED.filter((path) => !paths.includes(path)),
    [],
    'all of it',
  );
  t.ok(made.size < MOST_BYTES, `${made.size} bytes`);
  const main = made.files.find(({ path }) => path === 'dist/src/main.js');
  t.equal((main?.mode ?? 0) & 0o111, 0o111, 'the program can be started');
});

t.test('it runs by npx from nothing but the tarball', async (t) => {
  const npx = (...args: readonly string[]): string =>
    execFileSync('npx', ['--yes', '--package', join(folder, made.filename), '--', 'chargehand', ...args], {
      cwd: folder,
      encoding: 'utf8',
      env,
    });
  t.match(npx('version'), /^chargehand \d+\.\d+\.\d+$/m);
  t.equal(npx('check', '-c', join(REPOSITORY, 'config', 'foreman-current.yaml')), '');
});

t.test('as a library it gives what index.ts says', async (t) => {
  const args = [
    'install',
    '--prefix',
    folder,
    '--no-audit',
    '--no-fund',
    '--silent',
    '--prefer-offline',
    join(folder, made.filename),
  ];
  execFileSync('npm', args, { env });
  const program = "import('chargehand').then((m) => console.log(Object.keys(m).sort().join(' ')))";
  const said = execFileSync('node', ['-e', program], { cwd: folder, encoding: 'utf8', env });
  t.match(said, /\bcreateLoadBalancer\b/);
});
