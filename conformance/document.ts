// The generated part of docs/conformance.md: a table a theme, out of the cases' expectations. It is written or compared
// only after a run, which has shown them to be what happens.

import { replaceBetween } from '../bench/markers.ts';
import { type Case, expected, type Seen, type Theme } from './case.ts';
import type { Product } from './products/product.ts';

export function documentWith(text: string, themes: readonly Theme[], adapters: readonly Product[]): string {
  const written = replaceBetween(text, 'cases', body(themes, adapters));
  if (written === undefined) throw new Error('docs/conformance.md lacks <!-- cases:start --> and <!-- cases:end -->');
  return written;
}

function body(themes: readonly Theme[], adapters: readonly Product[]): string {
  const others = adapters.filter(({ name }) => name !== 'chargehand');
  const head = [
    'Situation',
    'chargehand',
    ...others.map(({ title, version }) => `${title} ${version()}`),
    'Why they differ',
  ];
  return themes
    .flatMap(({ title, cases }) => [
      '',
      `### ${title}`,
      '',
      row(head),
      row(head.map(() => '---')),
      ...cases.map((one) =>
        row([one.title, told(one, 'chargehand'), ...others.map((p) => told(one, p.name)), why(one, others)]),
      ),
    ])
    .join('\n');
}

function told(one: Case, product: Product['name']): string {
  const wanted = expected(one, product);
  if (wanted === undefined) return '–';
  const log = wanted.log.map((words) => (words === 'none' ? 'not logged' : `\`${words}\``)).join(' or ');
  const same = product !== 'chargehand' && one.differs?.[product] === undefined;
  return `${same ? 'the same' : words(wanted.seen)}<br>${log}`;
}

const words = (seen: Seen) =>
  Object.entries(seen)
    .map(([who, what]) => `${who}: ${what}`)
    .join('<br>');

function why(one: Case, others: readonly Product[]): string {
  return others
    .flatMap(({ name, title, cannot }) => {
      if (name === 'chargehand') return [];
      const reason = expected(one, name) === undefined ? cannot(one.setup) : one.differs?.[name]?.why;
      return reason === undefined ? [] : [`${title}: ${reason}`];
    })
    .join('<br>');
}

const row = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
