import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parseConfig } from '../../src/config/load.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';

t.setTimeout(120_000);

const ROOT = join(import.meta.dirname, '..', '..');
const FILE = join(ROOT, 'deploy', 'firewalld', 'chargehand.xml');

/** With everything that a profile can have. */
function portsOf(profile: string, services: string): number[] {
  const text = `version: 1
name: smartproxy.example.net
profile: ${profile}
ca_node: proxy01
nodes: { proxy01: 192.0.2.11 }
services: ${services}
`;
  const { config } = parseConfig(text, 'all.yaml');
  const listened = config.services.flatMap(({ listen }) => listen.map((one) => ('port' in one ? one.port : 0)));
  return listened.sort((a, b) => a - b);
}

const opened = [...readFileSync(FILE, 'utf8').matchAll(/<port protocol="tcp" port="(\d+)"\/>/g)].map(([, port]) =>
  Number(port),
);

t.test('they are those of foreman-current, with Puppet and MQTT', async (t) => {
  t.same(opened, portsOf('foreman-current', '{ mqtt: {} }'));
});

t.test('what another profile has besides, the guide opens in one command', async (t) => {
  const guide = readFileSync(join(ROOT, 'docs', 'smart-proxies.md'), 'utf8');
  for (const [profile, services] of [
    ['foremanctl', '{ mqtt: {} }'],
    ['foreman-2018', '{}'],
  ] as const) {
    const more = portsOf(profile, services).filter((port) => !opened.includes(port));
    const command = ['firewall-cmd --permanent', ...more.map((port) => `--add-port=${port}/tcp`)].join(' ');
    t.match(guide, `${command} && firewall-cmd --reload`, profile);
  }
});

const absent = spawnSync('firewall-offline-cmd', ['--version']).error !== undefined || process.getuid?.() !== 0;

t.test(
  'firewalld takes it',
  { skip: absent && 'not tried: as root, apt-get install firewalld', timeout: 120_000 },
  async (t) => {
    // Of its own: firewalld leaves files there.
    const folder = temporaryFolder(t);
    for (const part of ['services', 'zones', 'policies', 'icmptypes', 'ipsets', 'helpers'])
      mkdirSync(join(folder, part));
    writeFileSync(join(folder, 'firewalld.conf'), '');
    copyFileSync(FILE, join(folder, 'services', 'chargehand.xml'));
    const ask = (...args: readonly string[]): string =>
      execFileSync('firewall-offline-cmd', [`--system-config=${folder}`, ...args], { encoding: 'utf8', stdio: 'pipe' });
    t.doesNotThrow(() => ask('--check-config'));
    t.match(ask('--service=chargehand', '--get-ports'), /^80\/tcp 443\/tcp /);
  },
);
