// Results as Markdown: the short table of the README, the long ones of docs/performance.md. No measuring, no files.

import { BALANCERS, native, OURS, REFERENCE } from './peers/peers.ts';
import { besideAlone, type Figure, type Results, ratio, type WorkResult } from './results.ts';

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  others: '---' | '---:' = '---:',
): string {
  return [row(head), row(head.map((_, index) => (index === 0 ? '---' : others))), ...rows.map(row)].join('\n');
}

/** Three digits that matter, without an exponent. */
export function digits(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(value >= 10 ? 3 : 2)));
}

export function amount(value: number, unit: WorkResult['unit']): string {
  // Memory of a session is a difference: below zero it is smaller than what the process holds by chance.
  if (value < 0) return `≈ 0 ${unit}`;
  return unit === 'µs' && value >= 1000 ? `${digits(value / 1000)} ms` : `${digits(value)} ${unit}`;
}

const times = (value: number | undefined) => (value === undefined || value < 0 ? '–' : `${value.toFixed(2)} ×`);

function cell(figure: Figure | undefined, unit: WorkResult['unit']): string {
  if (figure?.value === undefined) return '–';
  return amount(figure.value.median, unit) + (figure.errors.length > 0 ? ' (errors)' : '');
}

/** One row a work: the peers, and each relay of chargehand as a multiple of the reference beside its targets. */
export function summaryTable(results: Results): string {
  const ours = OURS.filter(({ name }) => results.peers.some((peer) => peer.name === name));
  const titles = ours.flatMap(({ title }) => [`${title} ÷ ${REFERENCE.title}`, 'must', 'aim']);
  const head = ['', ...results.peers.map((peer) => peer.title), ...titles];
  const rows = results.works.map((work) => [
    work.title,
    ...results.peers.map((peer) => cell(work.peers[peer.name], work.unit)),
    ...ours.flatMap(({ name }) => {
      const target = work.targets[name];
      const targets = target === undefined ? ['', ''] : [`≤ ${target.must}`, String(target.aim)];
      return [times(ratio(work, name, REFERENCE.name)), ...targets];
    }),
  ]);
  return table(head, rows);
}

/** One line: what the bulk sessions cost the small requests beside them. */
function bulkLine(results: Results): readonly string[] {
  const list = besideAlone(results).map(({ title, times: n }) => `${title} ${times(n)}`);
  return list.length === 0 ? [] : [`p99 beside the bulk sessions, over alone: ${list.join(', ')}.`];
}

/** One line that says where and how the figures came about. */
export function conditions(results: Results): string {
  const { environment: e } = results;
  const versions = `Node ${e['Node']}, HAProxy ${e['HAProxy']}, nginx ${e['nginx']}`;
  return `${versions}; ${e['machine']}, kernel ${e['kernel']}, ${e['congestion control']}; medians of ${results.rounds} rounds in turn; ${e['date']}.`;
}

/** The balancers only: without what the bench measures to know its own limits, and without the targets. */
function shortTable(results: Results): string {
  const peers = results.peers.filter(({ name }) => BALANCERS.some((peer) => peer.name === name));
  const head = ['', ...peers.map((peer) => peer.title), `${native.title} ÷ ${REFERENCE.title}`];
  const rows = results.works.map((work) => [
    work.title,
    ...peers.map((peer) => cell(work.peers[peer.name], work.unit)),
    times(ratio(work, native.name, REFERENCE.name)),
  ]);
  return table(head, rows);
}

export function readmePart(results: Results): string {
  const what = 'Processor time of the proxy for one unit of work (memory for one session; p99 as the client sees it).';
  const lines = [...bulkLine(results), conditions(results)].flatMap((line) => ['', line]);
  return [what, '', shortTable(results), ...lines].join('\n');
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
    ...bulkLine(results),
    table(['environment', ''], [...facts, ['rounds', `${results.rounds} of ${results.seconds} s each`]], '---'),
    table(['peer', 'settings'], settings, '---'),
    ...results.skipped.map((line) => `Skipped: ${line}.`),
    ...results.works.flatMap((work) => [`### ${work.title}`, workTable(work, results)]),
  ].join('\n\n');
}
