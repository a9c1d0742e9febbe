// Installs the Debian packages that a file lists, one a line, where it is root on Debian; starts none of their services.
// What can't be had is no failure: the tests that need it say so. `node scripts/install-packages.mjs FILE`.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

/** Debian's way to say that packages start nothing; where a machine has one already it stays. */
const POLICY = '/usr/sbin/policy-rc.d';

const names = readFileSync(process.argv[2] ?? '', 'utf8')
  .split('\n')
  .filter(Boolean);

const status = (name) =>
  spawnSync('dpkg-query', ['-W', '-f', ['$', '{db:Status-Abbrev}'].join(''), name], { encoding: 'utf8' }).stdout;
const lacking = () => names.filter((name) => !status(name)?.startsWith('ii'));

const wanted = lacking();
if (wanted.length > 0) {
  if (process.getuid() === 0 && existsSync('/usr/bin/apt-get')) install(wanted);
  const still = lacking();
  if (still.length > 0) console.error(`not installed, the tests that need them are left out: ${still.join(', ')}`);
}

function install(packages) {
  const apt = (...args) =>
    spawnSync('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=300', ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  const ours = !existsSync(POLICY);
  if (ours) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    apt('update');
    apt('install', '-y', '--no-install-recommends', ...packages);
  } finally {
    if (ours) rmSync(POLICY);
  }
}
