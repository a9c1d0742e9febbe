// The guides for Smart Proxies: every command of ours in them exists with its options, what they show of output is what the
// program prints, and their shortest file is a whole configuration.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { COMMANDS } from '../../src/cli/commands.ts';
import { parseConfig } from '../../src/config/load.ts';
import { CHECKS } from '../../src/doctor/finding.ts';
import { documentedDoctor, documentedWhere } from '../fixtures/documented.ts';

t.setTimeout(120_000);

const DOCS = join(import.meta.dirname, '..', '..', 'docs');
const read = (name: string): string => readFileSync(join(DOCS, name), 'utf8');
const guide = read('smart-proxies.md');
const troubles = read('troubleshooting.md');

const FENCE = '`'.repeat(3);

/** What stands under `$ COMMAND` in a console block. */
function shownAfter(command: string): string {
  const [, text] = new RegExp(`^\\$ chargehand ${command}[^\\n]*\\n([^]*?)^${FENCE}$`, 'm').exec(troubles) ?? [];
  return text ?? '';
}

const [today = '', then = ''] = [...guide.matchAll(/^ *```yaml\n( *version: 1\n[\s\S]*?)^ *```$/gm)].map(
  ([, yaml = '']) => yaml.replaceAll(/^ {3}/gm, ''),
);

t.test('every command exists, and each option of it', async (t) => {
  const own = new Map(COMMANDS.map((command) => [command.name, command]));
  let found = 0;
  for (const [name, source] of Object.entries({ guide, troubles })) {
    for (const [text, command = ''] of source.matchAll(/(?<=[`\n$] ?)chargehand ([a-z]+)\b[^`\n#|;&]*/g)) {
      found++;
      const known = own.get(command);
      if (command === 'help') continue;
      t.ok(known, `${name}: ${text}`);
      const options = (known?.options ?? []).map(({ flags }) => flags.split(' ')[0]);
      for (const [option] of text.matchAll(/--[a-z-]+/g)) t.ok(options.includes(option), `${name}: ${text}`);
    }
  }
  t.ok(found > 15, `${found} commands`);
});

t.test('the report that is shown is the one that is printed', async (t) => {
  t.equal(shownAfter('doctor'), (await documentedDoctor(t)).trim().concat('\n'));
});

t.test('a client goes where it is shown to go', async (t) => {
  t.equal(shownAfter('where'), documentedWhere(today, '198.51.100.7').trim().concat('\n'));
});

t.test('every check is explained', async (t) => {
  for (const check of CHECKS) t.match(troubles, `\`${check}\``, check);
});

t.test('a file of eight lines is a complete configuration', async (t) => {
  const { config, warnings } = parseConfig(then, 'f');
  t.equal(then.trim().split('\n').length, 8);
  t.strictSame(warnings, []);
  t.equal(config.services.length, 9);
  for (const [profile, services] of [
    ['foreman-current', 6],
    ['foremanctl', 6],
    ['foreman-2018', 9],
  ] as const) {
    const eight = `version: 1
name: smartproxy.example.net
profile: ${profile}
ca_node: proxy01
nodes:
  proxy01: 192.0.2.11
  proxy02: 192.0.2.12
  proxy03: proxy03.example.net`;
    const whole = parseConfig(eight, 'f');
    t.strictSame(whole.warnings, [], profile);
    t.equal(whole.config.services.length, services, profile);
    t.ok(whole.config.services.every(({ backends, name }) => backends.length === (name === 'puppet-ca' ? 1 : 3)));
  }
});

t.test('the ports of the guide are those of the profile', async (t) => {
  const { config } = parseConfig(today, 'f');
  const rows = [...guide.matchAll(/^\| `([a-z-]+)` \| (\d+)(?: → (\d+))? \|/gm)];
  t.strictSame(
    rows.map(([, name = '', here = '', there = here]) => [name, Number(here), Number(there)]),
    config.services.map(({ name, listen: [first], backends: [backend] }) => [
      name,
      first?.kind === 'tcp' ? first.port : 0,
      backend?.port,
    ]),
  );
});
