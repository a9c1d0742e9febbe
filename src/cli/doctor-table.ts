// The doctor's report as text in 80 columns: who answered what, side by side, then each finding, then what was not asked.
// Shows a report; asks nothing.

import type { Finding } from '../doctor/finding.ts';
import type { AskedAnswer, Report } from '../doctor/report.ts';
import { folded } from './folded.ts';
import type { Paint } from './paint.ts';
import { plainTable, type Row } from './plain-table.ts';
import { counted } from './units.ts';

const LEAST_CELL = 11;
const MOST_CELL = 24;
const GAP = 2;
const QUESTION = 30;
const BALANCER = 'BALANCER';

export function doctorTable(report: Report, columns: number, paint: Paint): string {
  return [
    head(report, paint),
    ...matrices(report, columns, paint),
    ...report.findings.map((finding) => findingText(finding, columns, paint)),
    notAskedText(report, columns, paint),
    `\n${sumUp(report, paint)}\n`,
  ].join('');
}

function head({ name, nodes, asked, seconds, balancer }: Report, paint: Paint): string {
  const group = `${paint('bold', 'chargehand doctor')}${name === null ? '' : ` for ${name}`}`;
  const where = { here: 'the load balancer here', elsewhere: `the load balancer that ${name} leads to`, nowhere: '' }[
    balancer
  ];
  const whom = `${counted(nodes.length, 'node')}${where === '' ? '' : ` and ${where}`}`;
  return `${group}\n${counted(asked.length, 'answer')} of ${whom} in ${seconds.toFixed(1)} s\n`;
}

/** As many nodes beside each other as there is room for. */
function matrices(report: Report, columns: number, paint: Paint): string[] {
  const ways = [...report.nodes, ...(report.balancer === 'nowhere' ? [] : [BALANCER])];
  const widest = Math.max(...ways.map((way) => way.length)) + GAP;
  const cell = Math.min(MOST_CELL, Math.max(LEAST_CELL, widest));
  const perTable = Math.max(1, Math.floor((columns - QUESTION) / cell));
  const rows = rowsOf(report.asked);
  const tables: string[] = [];
  for (let from = 0; from < ways.length; from += perTable) {
    const some = ways.slice(from, from + perTable);
    const heads = ['ASKED', ...some].map((text, i) => ({
      head: paint('dim', text),
      width: i === 0 ? columns - cell * some.length : cell,
    }));
    const body = rows.flatMap(({ service, questions }): Row[] => [
      paint('bold', service),
      ...[...questions].map(([question, answers]) => [
        `  ${question}`,
        ...some.map((way) => cellText(answers.get(way), paint)),
      ]),
    ]);
    tables.push(`\n${plainTable(heads, body)}`);
  }
  return tables;
}

interface ServiceRows {
  readonly service: string;
  /** Question → node (or the load balancer) → its answer. */
  readonly questions: Map<string, Map<string, AskedAnswer>>;
}

function rowsOf(asked: readonly AskedAnswer[]): readonly ServiceRows[] {
  const rows = new Map<string, ServiceRows>();
  for (const answer of asked) {
    const row = rows.get(answer.service) ?? { service: answer.service, questions: new Map() };
    rows.set(answer.service, row);
    const answers = row.questions.get(answer.question) ?? new Map<string, AskedAnswer>();
    row.questions.set(answer.question, answers.set(answer.node ?? BALANCER, answer));
  }
  return [...rows.values()];
}

function cellText(answer: AskedAnswer | undefined, paint: Paint): string {
  if (answer === undefined) return paint('dim', '-');
  if (answer.failure !== null) return paint('red', answer.failure);
  const [check] = answer.findings;
  if (check !== undefined) return paint('yellow', check.replace(/^certificate-/, ''));
  return answer.status === null || answer.status === 200 ? paint('green', 'ok') : paint('dim', String(answer.status));
}

function findingText(finding: Finding, columns: number, paint: Paint): string {
  const { severity, node, check, services, what, why, mend } = finding;
  const title = [paint(severity === 'error' ? 'red' : 'yellow', severity), node ?? 'the group', check];
  const lines = [
    ...folded(what, columns - 2).map((line) => `  ${line}`),
    ...labelled('why', why, columns, paint),
    ...labelled('mend', mend, columns, paint),
  ];
  return `\n${title.join('  ')}${services.length === 0 ? '' : `  (${services.join(', ')})`}\n${lines.join('\n')}\n`;
}

function labelled(label: string, text: string, columns: number, paint: Paint): string[] {
  return folded(text, columns - 8).map((line, i) => `  ${paint('dim', (i === 0 ? `${label}:` : '').padEnd(6))}${line}`);
}

function notAskedText({ not_asked: list }: Report, columns: number, paint: Paint): string {
  if (list.length === 0) return '';
  const lines = list.flatMap(({ question, why }) =>
    folded(`${question}: ${why}`, columns - 4).map((line, i) => `  ${i === 0 ? '-' : ' '} ${line}`),
  );
  return `\n${paint('bold', 'not asked')}\n${lines.join('\n')}\n`;
}

function sumUp({ findings }: Report, paint: Paint): string {
  if (findings.length === 0) return paint('green', 'nothing is wrong');
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  return paint(
    errors > 0 ? 'red' : 'yellow',
    `${counted(errors, 'error')}, ${counted(findings.length - errors, 'warning')}`,
  );
}
