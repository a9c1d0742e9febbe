// The rpm, installed by rpm into a root of its own. The root is a Debian's, whose libraries rpm doesn't know: it is told not to
// look for them.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { CACHE, debianRoot, missing, ROOT_TOOLS } from '../fixtures/debian-root.ts';
import { buildPackages } from '../fixtures/our-packages.ts';

const why = missing({ rpmbuild: 'rpm', ...ROOT_TOOLS }, 'install packages into a root');
if (why !== undefined) {
  process.stderr.write(`not tried: ${why}\n`);
  t.pass(`not tried: ${why}`);
  process.exit(0);
}

t.setTimeout(900_000);

const { folder, rpm: file } = buildPackages({ kinds: ['deb', 'rpm'] });
const root = mkdtempSync(join(CACHE, 'rpm-root-'));
t.teardown(() => {
  for (const one of [folder, root]) rmSync(one, { recursive: true, force: true });
});
execFileSync('cp', ['-a', `${debianRoot()}/.`, root]);
const config = join(root, 'etc/chargehand/chargehand.yaml');

const rpm = (...args: readonly string[]): string => {
  const { status, stdout, stderr } = spawnSync('rpm', ['--root', root, ...args], { encoding: 'utf8' });
  if (status !== 0 || /warning: %\w+\(/.test(stderr)) throw new Error(`rpm ${args.join(' ')}: ${stderr}`);
  return stdout;
};
// tap hangs hooks of its own on every Node by NODE_OPTIONS: they are not in there.
const entered = [root, 'env', '-u', 'NODE_OPTIONS'];
const inside = (...command: readonly string[]): string =>
  execFileSync('chroot', [...entered, ...command], { encoding: 'utf8' });

t.test('what it asks for', async (t) => {
  const needs = rpm('-qp', '--requires', file ?? '');
  t.match(needs, /^glibc >= 2\.28$/m, 'EL 8 and later');
  t.notMatch(needs, /nodejs/, 'the runtime is inside');
  t.match(rpm('-qp', '--queryformat', '%{PAYLOADCOMPRESSOR} %{ARCH}', file ?? ''), /^xz x86_64$/);
});

t.test('it installs, and the program runs', async (t) => {
  rpm('--install', '--nodeps', file ?? '');
  t.match(readFileSync(join(root, 'etc/passwd'), 'utf8'), /^chargehand:x:\d+:\d+:.*:\/var\/lib\/chargehand:/m);
  t.match(inside('chargehand', 'version'), /^chargehand \d+\.\d+\.\d+$/m);
  const said = spawnSync('chroot', [...entered, 'chargehand', 'check'], { encoding: 'utf8' });
  t.equal(said.status, 1);
  t.match(said.stderr, /nodes: is missing/);
  t.equal(rpm('--verify', '--nodeps', 'chargehand'), '', 'all files are as they were packed');
  t.match(rpm('-q', '--configfiles', 'chargehand'), /^\/etc\/chargehand\/chargehand\.yaml$/m);
  t.match(rpm('-q', '--docfiles', 'chargehand'), /chargehand\.1/);
});

t.test('on an upgrade the file stays as the administrator left it', async (t) => {
  writeFileSync(config, 'version: 1\nnodes: { proxy01: 192.0.2.11 }\nservices: { https: { listen: 443 } }\n');
  rpm('--upgrade', '--force', '--nodeps', file ?? '');
  t.match(readFileSync(config, 'utf8'), /192\.0\.2\.11/);
  t.equal(inside('chargehand', 'check'), '');
});

t.test('it goes, and what the administrator wrote is kept aside', async (t) => {
  rpm('--erase', 'chargehand');
  t.notOk(existsSync(join(root, 'usr/lib/chargehand')));
  t.notOk(existsSync(join(root, 'usr/bin/chargehand')));
  t.notOk(existsSync(join(root, 'usr/lib/systemd/system/chargehand.service.d')));
  t.match(readFileSync(`${config}.rpmsave`, 'utf8'), /192\.0\.2\.11/);
});
