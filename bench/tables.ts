// Results as Markdown: the short table of the README, the long ones of docs/performance.md. No measuring, no files.

import { ours, REFERENCE } from './peers/peers.ts';
import { type Figure, type Results, ratio, type WorkResult } from './results.ts';

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

function table(head: readonly string[], rows: readonly (readonly string[])[], others: '---' | '---:' = '---:'): string {
  return [row(head), row(head.map((_, index) => (index === 0 ? '---' : others))), ...rows.map(row)].join('\n');
}

/** Three digits that matter, without an exponent. */
export function digits(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(value >= 10 ? 3 : 2)));
}

export function amount(value: number, unit: WorkResult['unit']): string {
  return unit === 'µs' && value >= 1000 ? `${digits(value / 1000)} ms` : `${digits(value)} ${unit}`;
}

const times = (value: number | undefined) => (value === undefined ? '–' : `${value.toFixed(2)} ×`);

function cell(figure: Figure | undefined, unit: WorkResult['unit']): string {
  if (figure?.value === undefined) return '–';
  return amount(figure.value.median, unit) + (figure.errors.length > 0 ? ' (errors)' : '');
}

/** One row a work: the peers, and chargehand as a multiple of the reference beside its targets. */
export function summaryTable(results: Results): string {
  const head = ['', ...results.peers.map((peer) => peer.title), `${ours.title} ÷ ${REFERENCE.title}`, 'must', 'aim'];
  const rows = results.works.map((work) => [
    work.title,
    ...results.peers.map((peer) => cell(work.peers[peer.name], work.unit)),
    times(ratio(work, ours.name, REFERENCE.name)),
    work.must === undefined ? '' : `≤ ${work.must}`,
    work.aim === undefined ? '' : String(work.aim),
  ]);
  return table(head, rows);
}

/** One line that says where and how the figures came about. */
export function conditions(results: Results): string {
  const { environment: e } = results;
  const versions = `Node ${e['Node']}, HAProxy ${e['HAProxy']}, nginx ${e['nginx']}`;
  return `${versions}; ${e['machine']}, kernel ${e['kernel']}, ${e['congestion control']}; medians of ${results.rounds} rounds in turn; ${e['date']}.`;
}

export function readmePart(results: Results): string {
  const what = 'Processor time of the proxy for one unit of work (memory for one session; p99 as the client sees it).';
  return [what, '', summaryTable(results), '', conditions(results)].join('\n');
}

function workTable(work: WorkResult, results: Results): string {
  const names = [...new Set(Object.values(work.peers).flatMap((figure) => Object.keys(figure.beside)))];
  const head = ['peer', 'median', 'lowest to highest', `÷ ${REFERENCE.title}`, ...names, 'errors'];
  const rows = results.peers.flatMap((peer) => {
    const figure = work.peers[peer.name];
    if (figure === undefined) return [];
    const { value } = figure;
    const spread = value === undefined ? '–' : `${amount(value.min, work.unit)} – ${amount(value.max, work.unit)}`;
    const beside = names.map((name) => (figure.beside[name] === undefined ? '–' : digits(figure.beside[name])));
    const against = times(ratio(work, peer.name, REFERENCE.name));
    return [[peer.title, cell(figure, work.unit), spread, against, ...beside, figure.errors.join('; ') || 'none']];
  });
  return table(head, rows);
}

export function documentPart(results: Results): string {
  const facts = Object.entries(results.environment).map(([name, value]) => [name, value]);
  const settings = results.peers.map((peer) => [peer.title, peer.settings]);
  return [
    summaryTable(results),
    table(['environment', ''], [...facts, ['rounds', `${results.rounds} of ${results.seconds} s each`]], '---'),
    table(['peer', 'settings'], settings, '---'),
    ...results.skipped.map((line) => `Skipped: ${line}.`),
    ...results.works.flatMap((work) => [`### ${work.title}`, workTable(work, results)]),
  ].join('\n\n');
}
