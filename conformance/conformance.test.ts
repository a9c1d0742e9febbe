// Every case on every product that is here: what was seen must be what the case's table says, no more and no less. Then
// the table of docs/conformance.md must be the one that these results make (`npm run test:conformance -- --snapshot`
// writes it).

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { expected } from './case.ts';
import { THEMES } from './cases/themes.ts';
import { documentWith } from './document.ts';
import { ADAPTERS } from './products/products.ts';
import { play } from './run.ts';

const DOCUMENT = join(import.meta.dirname, '..', 'docs', 'conformance.md');

t.test('the tables of cases are sound', async (t) => {
  const titles = THEMES.flatMap(({ cases }) => cases.map(({ title }) => title));
  t.equal(new Set(titles).size, titles.length, 'every title is there once');
  for (const one of THEMES.flatMap(({ cases }) => cases)) {
    for (const [product, { seen }] of Object.entries(one.differs ?? {})) {
      t.notSame(seen, one.seen, `${one.title}: what ${product} does differs`);
      t.notOk(
        one.cannot?.some((name) => name === product),
        `${one.title}: ${product} differs or can't, not both`,
      );
    }
  }
});

for (const product of ADAPTERS) {
  const missing = product.missing();
  if (missing !== undefined) t.comment(`skipped: ${product.title}: ${missing}`);
  t.test(product.title, { skip: missing ?? false }, async (t) => {
    const results = await play(product, THEMES);
    for (const theme of THEMES) {
      t.test(theme.title, async (t) => {
        for (const one of theme.cases) {
          const wanted = expected(one, product.name);
          const cannot = product.cannot(one.setup);
          if (wanted === undefined) {
            t.ok(cannot, `${one.title}: ${product.title} can't be configured for it: ${cannot}`);
            continue;
          }
          t.equal(cannot, undefined, `${one.title}: ${product.title} can be configured for it`);
          const result = results.get(one);
          if (result === undefined) t.fail(`${one.title}: not played`);
          else if ('failure' in result) t.fail(one.title, { failure: result.failure });
          else {
            // One of several words where the case is a race; where none of them came, the first shows what was awaited.
            const log = wanted.log.find((words) => words === result.log) ?? wanted.log[0];
            t.same(result, { seen: wanted.seen, log }, one.title);
          }
        }
      });
    }
  });
}

const absent = ADAPTERS.filter((product) => product.missing() !== undefined).map(({ title }) => title);
const skip = absent.length > 0 && `not run here: ${absent.join(', ')}`;

t.test('docs/conformance.md shows these results', { skip }, async (t) => {
  const text = readFileSync(DOCUMENT, 'utf8');
  const now = documentWith(text, THEMES, ADAPTERS);
  if (process.env['TAP_SNAPSHOT'] === '1') writeFileSync(DOCUMENT, now);
  else t.equal(text, now, 'it is stale: npm run test:conformance -- --snapshot');
});
