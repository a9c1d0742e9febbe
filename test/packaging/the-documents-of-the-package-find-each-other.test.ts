// What the packages bring to read, laid out as they do it: whoever follows a link arrives.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import t from 'tap';
import { DOC, ROOT } from '../../packaging/description.mjs';
import { layOut } from '../../packaging/stage.mjs';

/** What only somebody with the sources has. */
const SOURCES = /^(Dockerfile|CONTRIBUTING\.md|test\/.*)$/;

const root = t.testdir();
layOut(root);
const doc = join(root, DOC);
const files = readdirSync(doc, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.md'));

t.test('all of them are there', async (t) => {
  const wanted = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' });
  for (const file of wanted) t.ok(existsSync(join(doc, 'docs', file)), file);
  for (const file of ['README.md', 'SECURITY.md', 'CHANGELOG.md']) t.ok(statSync(join(doc, file)).size > 0, file);
});

t.test('their links lead to what is there', async (t) => {
  let followed = 0;
  for (const file of files) {
    for (const [, target = ''] of readFileSync(join(doc, file), 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)) {
      const path = join(doc, dirname(file), target);
      if (SOURCES.test(relative(doc, path))) continue;
      followed++;
      t.ok(existsSync(path), `${file} links to ${target}`);
    }
  }
  t.ok(followed > 20, `${followed} links`);
});

t.test('a file to build from has what it builds from beside it', async (t) => {
  t.notMatch(readFileSync(join(doc, 'deploy/container/compose.yaml'), 'utf8'), /^\s*build:/m);
});
