// What README, CONTRIBUTING and docs/ show must be so: configurations are valid, commands exist, links lead somewhere.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { parseConfig } from '../../src/config/load.ts';
import { hostCheck } from '../../src/control/host-check.ts';

const root = join(import.meta.dirname, '..', '..');

function markdown(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return markdown(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

const documents = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', ...markdown('docs')];
const text = new Map(documents.map((file) => [file, readFileSync(join(root, file), 'utf8')]));

t.test('every whole configuration that is shown is valid', async (t) => {
  let found = 0;
  for (const [file, source] of text) {
    for (const [, yaml = ''] of source.matchAll(/^```yaml\n(version: 1\n[\s\S]*?)^```$/gm)) {
      found++;
      t.doesNotThrow(() => parseConfig(yaml, file), file);
    }
  }
  t.ok(found > 0, 'there is one');
});

t.test('every npm script that is named exists', async (t) => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
  let found = 0;
  for (const [file, source] of text) {
    for (const [, named, short] of source.matchAll(/npm (?:run (?:--silent )?([\w:-]+)|(start|test)\b)/g)) {
      found++;
      t.ok((named ?? short ?? '') in scripts, `${file}: npm run ${named ?? short}`);
    }
  }
  t.ok(found > 5, 'some are named');
});

t.test('every link to a file leads to one', async (t) => {
  for (const [file, source] of text) {
    for (const [, target = ''] of source.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)) {
      t.ok(existsSync(join(root, dirname(file), target)), `${file} links to ${target}`);
    }
  }
});

t.test('every target of Prometheus that is shown is answered', async (t) => {
  // By any file, on any machine: a name is ours by one of these only.
  const answered = hostCheck([]);
  const alerts = 'deploy/prometheus/alerts.yml';
  let found = 0;
  for (const [file, source] of [...text, [alerts, readFileSync(join(root, alerts), 'utf8')] as const]) {
    for (const [, list = ''] of source.matchAll(/targets: \[(.*?)\]/g)) {
      for (const [, target = ''] of list.matchAll(/"([^"]+)"/g)) {
        found++;
        t.ok(answered(target), `${file}: ${target}`);
      }
    }
  }
  t.ok(found > 2, 'some are shown');
});

t.test('the exit codes of README are those of the man page', async (t) => {
  const readme = text.get('README.md') ?? '';
  const man = readFileSync(join(root, 'man', 'chargehand.1'), 'utf8');
  const [, status = ''] = /^\.SH EXIT STATUS\n([\s\S]*?)^\.SH/m.exec(man) ?? [];
  const codes = [...status.matchAll(/^\.B (\d+)$/gm)].map(([, code]) => code);
  t.same(
    [...readme.matchAll(/^\| (\d+) \| /gm)].map(([, code]) => code),
    codes,
  );
  for (const [what, words] of Object.entries({ readme: /^\| 1 \| .*$/m.exec(readme)?.[0], man: status })) {
    for (const command of ['check', 'doctor', 'import']) t.match(words, command, `${what}: 1 is also of ${command}`);
  }
});
