// What the packages are called, what is in them and where it goes: the one description from which both the deb and the rpm
// are made. Decides nothing.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..');
const { version, license } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/**
 * The Node runtime that the packages carry: a release of the newest LTS line, with what `npm view node-linux-ARCH@VERSION
 * dist.integrity` says of it. A newer one is a change of these lines.
 */
export const NODE = {
  version: '24.21.0',
  integrity: {
    x64: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
    arm64: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
};

export const ABOUT = {
  name: 'chargehand',
  version,
  /** Of the packaging itself, within one version. */
  release: '1',
  license,
  maintainer: 'The chargehand developers <chargehand@example.org>',
  homepage: 'https://www.npmjs.com/package/chargehand',
  summary: 'TCP load balancer for groups of Foreman/Katello Smart Proxies',
  description: [
    'chargehand stands in front of a group of Foreman/Katello Smart Proxies in',
    'place of HAProxy, and serves well as a general TCP load balancer. TLS passes',
    'through untouched; its checks ask each service what it is for; a reload never',
    'cuts a session. It brings its own Node.js runtime.',
  ],
};

/** Where the program, its libraries and its runtime live. */
export const HOME = '/usr/lib/chargehand';

/** Where everything is that is only to be read. */
export const DOC = '/usr/share/doc/chargehand';

/**
 * [source in the repository, target, mode, kind]; a folder is copied whole. `config`: kept on upgrade as the administrator
 * left it.
 */
export const FILES = [
  ['packaging/files/chargehand', '/usr/bin/chargehand', 0o755],
  ['packaging/files/chargehand.yaml', '/etc/chargehand/chargehand.yaml', 0o644, 'config'],
  ['systemd/chargehand.service', '/usr/lib/systemd/system/chargehand.service', 0o644],
  ['systemd/notify-reload.conf', `${HOME}/systemd/notify-reload.conf`, 0o644],
  ['packaging/files/sysusers.conf', '/usr/lib/sysusers.d/chargehand.conf', 0o644],
  ['packaging/files/tmpfiles.conf', '/usr/lib/tmpfiles.d/chargehand.conf', 0o644],
  ['deploy/firewalld/chargehand.xml', '/usr/lib/firewalld/services/chargehand.xml', 0o644],
  ['deploy/keepalived/check-chargehand', `${HOME}/keepalived/check-chargehand`, 0o755],
  ['man/chargehand.1', '/usr/share/man/man1/chargehand.1', 0o644],
  ['completions/chargehand.bash', '/usr/share/bash-completion/completions/chargehand', 0o644],
  ['completions/_chargehand', '/usr/share/zsh/site-functions/_chargehand', 0o644],
  ['config', `${DOC}/examples`, 0o644],
  ['systemd/examples', `${DOC}/examples/systemd`, 0o644],
  ['packaging/files/lintian-overrides', '/usr/share/lintian/overrides/chargehand', 0o644],
  ['deploy', `${DOC}/deploy`, 0o644],
  ['docs', `${DOC}/docs`, 0o644],
  ['README.md', `${DOC}/README.md`, 0o644],
  ['SECURITY.md', `${DOC}/SECURITY.md`, 0o644],
  ['CHANGELOG.md', `${DOC}/CHANGELOG.md`, 0o644],
];

/**
 * [what it says, the link]: so that what the documents link to is found here as it is in the repository, and the completions
 * where zsh looks for them on Debian, too.
 */
export const LINKS = [
  ['../site-functions/_chargehand', '/usr/share/zsh/vendor-completions/_chargehand'],
  ['examples', `${DOC}/config`],
  ['../examples/systemd', `${DOC}/systemd/examples`],
];
